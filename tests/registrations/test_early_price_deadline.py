"""The early price ends when the first meeting that is not canceled starts."""

from datetime import datetime, timedelta

from billing.domain.pricing import balances
from billing.models import Order
from classwork.domain.schedule import meetings
from classwork.domain.schedule.meetings import MeetingDraft
from classwork.models import Meeting
from common import dates
from tests.registrations.full_classes import FullClassTestCase
from tests.registrations.purchases import cart, me, pay, place

INSTANT = timedelta(microseconds=1)


class EarlyPriceDeadlineTest(FullClassTestCase):
    def setUp(self) -> None:
        super().setUp()
        subject = self.class_offer.subject
        subject.price, subject.pre_pay_discount = 65, 5
        subject.save()
        self.order = place(cart((self.class_offer, me())), due=Order.Due.DOOR)
        self.early, self.regular = self.order.early_total, self.order.regular_total
        self.assertLess(self.early, self.regular)

    def day(self, number: int) -> Meeting:
        return self.class_offer.meetings.order_by("starts_at")[number]

    def assertEndsAt(self, deadline: datetime, order: Order | None = None) -> None:
        """Check that the deadline itself still has the early price."""
        order = Order.objects.get(pk=(order or self.order).pk)
        owed = [balances.open_balance(order, at) for at in (deadline, deadline + INSTANT)]
        self.assertEqual(owed, [self.early, self.regular])

    def move_by(self, meeting: Meeting, days: int) -> datetime:
        local = dates.to_local_time(meeting.starts_at) + timedelta(days=days)
        meetings.move_meeting(self.ada, meeting, MeetingDraft(local.date(), local.time()))
        meeting.refresh_from_db()
        return meeting.starts_at

    def test_early_price_ends_when_the_first_class_starts(self) -> None:
        self.assertEndsAt(self.day(0).starts_at)

    def test_early_price_ends_at_the_second_class_when_the_first_is_canceled(self) -> None:
        second = self.day(1).starts_at
        meetings.cancel_meeting(self.ada, self.day(0), "Snow")
        self.assertEndsAt(second)

    def test_early_price_ends_at_the_first_class_again_when_it_is_restored(self) -> None:
        first = self.day(0)
        meetings.cancel_meeting(self.ada, first, "Snow")
        first.refresh_from_db()
        meetings.restore_meeting(self.ada, first)
        self.assertEndsAt(first.starts_at)
        meetings.cancel_meeting(self.ada, self.day(0), "Snow again")
        self.assertEndsAt(self.day(1).starts_at)

    def test_early_price_deadline_moves_with_the_first_class(self) -> None:
        for days in (2, -1):
            self.assertEndsAt(self.move_by(self.day(0), days))

    def test_early_price_ends_at_a_class_added_before_the_first(self) -> None:
        local = dates.to_local_time(self.day(0).starts_at) - timedelta(days=1)
        added = meetings.add_meeting(self.ada, self.class_offer, MeetingDraft(local.date(), local.time()))
        self.assertEndsAt(added.starts_at)

    def test_early_price_deadline_moves_for_an_expired_order_too(self) -> None:
        order = place(cart((self.class_offer, me()), name="Bo", email="bo@example.org"))
        Order.objects.filter(pk=order.pk).update(state="expired", closed_at=order.placed_at)
        second = self.day(1).starts_at
        meetings.cancel_meeting(self.ada, self.day(0), "Snow")
        order.refresh_from_db()
        self.assertEqual(balances.balance_if_reinstated(order, second), self.early)

    def test_order_paid_at_the_early_price_keeps_it_when_the_first_class_moves(self) -> None:
        pay(self.order)
        paid = Order.objects.get(pk=self.order.pk)
        self.move_by(self.day(0), -1)
        price = balances.price_at(paid, paid.paid_at or self.day(0).starts_at)
        self.assertEqual((paid.amount_charged, price.total), (self.early, self.early))
