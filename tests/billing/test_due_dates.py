"""Orders with a due date: set at the desk, or chosen by payers who are allowed to pay later."""

from datetime import timedelta

from django.conf import settings
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from billing.domain import status_text
from billing.domain.orders import due_dates, placement, transitions
from billing.errors import OrderNotPlaced, OrderTransitionRefused
from billing.models import Order
from common.formats import format_date
from history.models import Entry
from mailroom.models import Message
from outbox.testing import run_all
from tests.billing.base import BillingTestCase
from tests.billing.toys import toy_states
from users.models import User


class DueDateTestCase(BillingTestCase):
    def place_due_in(self, days: int, product: int = 1) -> Order:
        order = self.place_new_order(product)
        due_dates.set_due_date(order, self.date_in_days(days), self.now, why="A grant pays", by=self.ada)
        order.refresh_from_db()
        return order

    def mails(self, order: Order) -> list[str]:
        run_all()
        messages = Message.objects.filter(about_id=str(order.pk)).order_by("pk")
        return [message.template.removeprefix("billing.") for message in messages]


class DeskDueDateTest(DueDateTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.ada)

    def post(self, name: str, order: Order, **data: object) -> int:
        return self.client.post(reverse(name, args=[order.pk]), data).status_code

    def test_order_with_a_due_date_keeps_its_spot_and_never_expires(self) -> None:
        order = self.place_new_order(1)
        self.assertEqual(self.post("desk_pay_later", order, due_date=self.date_in_days(10), why="A grant pays"), 302)
        order.refresh_from_db()
        self.assertEqual(
            (order.due_kind, order.due_date, toy_states(order)), ("date", self.date_in_days(10), ["confirmed"])
        )
        self.assertEqual(transitions.expire_overdue_holds(self.time_in_days(100)), 0)
        self.assertEqual(Entry.objects.get(action="billing.due_date_set").reason, "A grant pays")
        self.assertEqual(self.mails(order), ["order_received"])

    def test_expired_order_can_get_a_due_date_and_paid_order_cannot(self) -> None:
        expired, paid = self.place_new_order(1), self.place_new_order(1)
        transitions.expire_order(expired, self.time_in_days(1))
        self.pay_order(paid)
        self.assertEqual(self.post("desk_pay_later", expired, due_date=self.date_in_days(1), why="x"), 302)
        self.assertEqual(self.post("desk_pay_later", paid, due_date=self.date_in_days(1), why="x"), 400)

    def test_due_date_in_the_past_or_too_far_away_is_refused(self) -> None:
        order = self.place_new_order(1)
        for day in (self.date_in_days(-1), self.date_in_days(400), "soon", ""):
            self.assertEqual(self.post("desk_pay_later", order, due_date=day, why="x"), 400)

    def test_overdue_orders_are_listed_and_payment_is_requested_at_most_once_a_day(self) -> None:
        order, other = self.place_due_in(3), self.place_due_in(30)
        Order.objects.filter(pk=order.pk).update(due_date=self.date_in_days(-1))
        page = self.client.get(f"{reverse('desk_orders')}?show=overdue")
        self.assertContains(page, f"Overdue since {format_date(self.date_in_days(-1))}")
        self.assertNotContains(page, reverse("desk_order", args=[other.pk]))
        self.assertContains(page, "Request payment")
        for _ in range(2):
            self.assertEqual(self.post("desk_ask_payer", order), 302)
        self.assertEqual(self.mails(order), ["order_received", "payment_due"])
        self.assertContains(
            self.client.get(reverse("desk_order", args=[order.pk])), "A payment request was already sent today."
        )

    def test_payment_request_is_refused_without_a_balance_or_an_email_address(self) -> None:
        paid, nameless = self.place_new_order(1), self.place_new_order(1, due=Order.Due.DOOR)
        self.pay_order(paid)
        Order.objects.filter(pk=nameless.pk).update(payer_email="")
        for order in (paid, nameless):
            with self.assertRaises(OrderTransitionRefused):
                due_dates.send_payment_request(order, self.now, by=self.ada)
            order.refresh_from_db()

    def test_order_page_shows_the_due_date(self) -> None:
        order = self.place_due_in(5)
        day = format_date(order.due_date)
        self.client.logout()
        self.assertContains(self.client.get(order.address()), f"Please pay $70.00 by {day}.")
        self.assertEqual(status_text.order_status(order, self.time_in_days(6)).text, f"Overdue since {day}")


class DueDateReminderTest(DueDateTestCase):
    def test_payer_is_reminded_once_before_and_once_after_the_due_date(self) -> None:
        order = self.place_due_in(10)
        sent = [due_dates.send_due_date_reminders(self.time_in_days(number)) for number in range(30)]
        self.assertEqual([number for number, count in enumerate(sent) if count], [7, 11])
        self.assertEqual(self.mails(order), ["order_received", "payment_due", "payment_due"])

    def test_no_reminder_right_after_a_payment_request_or_once_the_order_is_paid(self) -> None:
        order = self.place_due_in(2)
        due_dates.send_payment_request(order, self.now, by=self.ada)
        self.assertEqual(due_dates.send_due_date_reminders(self.time_in_days(1)), 0)
        self.pay_order(order)
        self.assertEqual(due_dates.send_due_date_reminders(self.time_in_days(9)), 0)

    def test_changed_due_date_gets_a_new_reminder(self) -> None:
        order = self.place_due_in(2)
        self.assertEqual(due_dates.send_due_date_reminders(self.now), 1)
        due_dates.set_due_date(order, self.date_in_days(10), self.now, why="x", by=self.ada)
        self.assertEqual(due_dates.send_due_date_reminders(self.time_in_days(8)), 1)


class PayLaterTest(DueDateTestCase):
    def allow_pay_later(self, allowed: bool = True) -> User:
        due_dates.set_pay_later_allowed(self.alice, allowed, why="Pays her bills", by=self.ada)
        return User.objects.get(pk=self.alice.pk)

    def test_payer_who_is_allowed_to_pay_later_can_choose_it_at_checkout(self) -> None:
        payer = self.allow_pay_later()
        order = self.create_cart(1, payer=payer)
        self.log_in(payer)
        url = reverse("checkout")
        page = self.client.get(url)
        answer = self.client.post(url, {"method": "later", "seen_now": 70, "seen_door": 70})
        order.refresh_from_db()
        day = timezone.localdate(order.placed_at) + timedelta(days=settings.PAY_LATER_DAYS)
        self.assertContains(page, f"Later, by {format_date(day)}")
        self.assertSentTo(answer, order.address())
        self.assertEqual(
            (order.state, order.due_kind, order.due_date, toy_states(order)), ("placed", "date", day, ["confirmed"])
        )

    def test_other_payers_cannot_pay_later(self) -> None:
        self.allow_pay_later()
        for payer in (None, self.sam, self.allow_pay_later(False)):
            self.assertIsNone(due_dates.due_date_for(payer, self.now))
            order = self.create_cart(1, payer=payer)
            with self.assertRaises(OrderNotPlaced):
                placement.place_order(
                    order,
                    placement.PlacementOptions(Order.Due.DATE, due_date=self.date_in_days(14)),
                    seen=None,
                    at=self.now,  # type: ignore[arg-type]
                )

    @override_settings(PAY_LATER_DAYS=0)
    def test_zero_pay_later_days_turn_pay_later_off(self) -> None:
        self.assertIsNone(due_dates.due_date_for(self.allow_pay_later(), self.now))

    def test_desk_allows_and_disallows_paying_later_with_a_reason(self) -> None:
        self.log_in(self.ada)
        url = reverse("desk_allow_pay_later", args=[self.sam.pk])
        page = reverse("desk_credit_of", args=[self.sam.pk])
        self.assertRedirects(self.client.post(url, {"trust": "", "why": ""}), page)
        self.assertContains(self.client.get(page), "This payer pays when ordering")
        self.client.post(url, {"trust": "", "why": "A member for years"})
        self.assertContains(self.client.get(page), "This payer may order now")
        self.assertEqual(Entry.objects.get(action="billing.pay_later_allowed").reason, "A member for years")
        self.client.post(url, {"why": "Owes too much"})
        self.assertContains(self.client.get(page), "This payer pays when ordering")
