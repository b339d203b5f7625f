"""Orders to be paid by a date: at the desk, by payers whom the school trusts, and what follows."""

from datetime import timedelta

from django.conf import settings
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from billing.domain import status_text
from billing.domain.orders import due_dates, placement, transitions
from billing.models import Order
from common.formats import format_date
from history.models import Entry
from mailroom.models import Message
from outbox.testing import run_all
from tests.billing.base import BillingTestCase
from tests.billing.toys import states
from users.models import User


class DueCase(BillingTestCase):
    def by(self, days: int, product: int = 1) -> Order:
        order = self.placed(product)
        due_dates.set_due_date(order, self.local_day(days), self.now, why="A grant pays", by=self.ada)
        order.refresh_from_db()
        return order

    def mails(self, order: Order) -> list[str]:
        run_all()
        found = Message.objects.filter(about_id=str(order.pk)).order_by("pk")
        return [message.template.removeprefix("billing.") for message in found]


class DeskTest(DueCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.ada)

    def post(self, name: str, order: Order, **data: object) -> int:
        return self.client.post(reverse(name, args=[order.pk]), data).status_code

    def test_an_order_that_was_due_now_is_kept_until_a_date_and_never_lapses(self) -> None:
        order = self.placed(1)
        self.assertEqual(self.post("desk_pay_later", order, due_on=self.local_day(10), why="A grant pays"), 302)
        order.refresh_from_db()
        self.assertEqual((order.due, order.due_on, states(order)), ("date", self.local_day(10), ["confirmed"]))
        self.assertEqual(transitions.expire_overdue_holds(self.day(100)), 0)
        self.assertEqual(Entry.objects.get(action="billing.due_set").why, "A grant pays")
        self.assertEqual(self.mails(order), ["order_received"])

    def test_what_lapsed_is_taken_up_and_what_is_paid_is_refused(self) -> None:
        lapsed, paid = self.placed(1), self.placed(1)
        transitions.expire_order(lapsed, self.day(1))
        self.pay(paid)
        self.assertEqual(self.post("desk_pay_later", lapsed, due_on=self.local_day(1), why="x"), 302)
        self.assertEqual(self.post("desk_pay_later", paid, due_on=self.local_day(1), why="x"), 400)

    def test_a_day_that_is_over_or_far_away_is_refused(self) -> None:
        order = self.placed(1)
        for day in (self.local_day(-1), self.local_day(400), "soon", ""):
            self.assertEqual(self.post("desk_pay_later", order, due_on=day, why="x"), 400)

    def test_overdue_orders_are_listed_and_the_payer_is_asked_once_a_day(self) -> None:
        order, other = self.by(3), self.by(30)
        Order.objects.filter(pk=order.pk).update(due_on=self.local_day(-1))
        page = self.client.get(f"{reverse('desk_orders')}?show=overdue")
        self.assertContains(page, f"Overdue since {format_date(self.local_day(-1))}")
        self.assertNotContains(page, reverse("desk_order", args=[other.pk]))
        self.assertContains(page, "Request payment")
        for _ in range(2):
            self.assertEqual(self.post("desk_ask_payer", order), 302)
        self.assertEqual(self.mails(order), ["order_received", "payment_due"])
        self.assertContains(
            self.client.get(reverse("desk_order", args=[order.pk])), "A payment request was already sent today."
        )

    def test_nobody_is_asked_who_owes_nothing_or_has_no_address(self) -> None:
        paid, nameless = self.placed(1), self.placed(1, due=Order.Due.DOOR)
        self.pay(paid)
        Order.objects.filter(pk=nameless.pk).update(payer_email="")
        for order in (paid, nameless):
            with self.assertRaises(transitions.OrderTransitionRefused):
                due_dates.send_payment_request(order, self.now, by=self.ada)
            order.refresh_from_db()

    def test_the_payer_reads_the_date_on_the_order(self) -> None:
        order = self.by(5)
        day = format_date(order.due_on)
        self.client.logout()
        self.assertContains(self.client.get(order.address()), f"Please pay $70.00 by {day}.")
        self.assertEqual(status_text.order_status(order, self.day(6)).text, f"Overdue since {day}")


class ReminderTest(DueCase):
    def test_once_before_and_once_after_the_day(self) -> None:
        order = self.by(10)
        told = [due_dates.send_due_date_reminders(self.day(number)) for number in range(30)]
        self.assertEqual([number for number, count in enumerate(told) if count], [7, 11])
        self.assertEqual(self.mails(order), ["order_received", "payment_due", "payment_due"])

    def test_not_right_after_the_desk_has_asked_and_not_when_it_is_paid(self) -> None:
        order = self.by(2)
        due_dates.send_payment_request(order, self.now, by=self.ada)
        self.assertEqual(due_dates.send_due_date_reminders(self.day(1)), 0)
        self.pay(order)
        self.assertEqual(due_dates.send_due_date_reminders(self.day(9)), 0)

    def test_a_new_day_is_reminded_of_anew(self) -> None:
        order = self.by(2)
        self.assertEqual(due_dates.send_due_date_reminders(self.now), 1)
        due_dates.set_due_date(order, self.local_day(10), self.now, why="x", by=self.ada)
        self.assertEqual(due_dates.send_due_date_reminders(self.day(8)), 1)


class TrustTest(DueCase):
    def trusted(self, yes: bool = True) -> User:
        due_dates.set_pay_later_allowed(self.alice, yes, why="Pays her bills", by=self.ada)
        return User.objects.get(pk=self.alice.pk)

    def test_whom_the_school_trusts_chooses_to_pay_later(self) -> None:
        payer = self.trusted()
        order = self.cart(1, payer=payer)
        self.log_in(payer)
        url = reverse("checkout_review")
        page = self.client.get(url)
        answer = self.client.post(url, {"way": "later", "seen_now": 70, "seen_door": 70})
        order.refresh_from_db()
        day = timezone.localdate(order.placed_at) + timedelta(days=settings.PAY_LATER_DAYS)
        self.assertContains(page, f"Later, by {format_date(day)}")
        self.assertSentTo(answer, order.address())
        self.assertEqual((order.state, order.due, order.due_on, states(order)), ("placed", "date", day, ["confirmed"]))

    def test_nobody_else_is_offered_it_or_gets_it(self) -> None:
        self.trusted()
        for payer in (None, self.sam, self.trusted(False)):
            self.assertIsNone(due_dates.due_date_for(payer, self.now))
            order = self.cart(1, payer=payer)
            with self.assertRaises(placement.OrderNotPlaced):
                placement.place_order(
                    order,
                    placement.PlacementOptions(Order.Due.DATE, on=self.local_day(14)),
                    seen=None,
                    at=self.now,  # type: ignore[arg-type]
                )

    @override_settings(PAY_LATER_DAYS=0)
    def test_the_setting_turns_it_off(self) -> None:
        self.assertIsNone(due_dates.due_date_for(self.trusted(), self.now))

    def test_the_desk_says_whom_it_trusts_with_a_reason(self) -> None:
        self.log_in(self.ada)
        url = reverse("desk_trust", args=[self.sam.pk])
        page = reverse("desk_credit_of", args=[self.sam.pk])
        self.assertRedirects(self.client.post(url, {"trust": "", "why": ""}), page)
        self.assertContains(self.client.get(page), "This payer pays when ordering")
        self.client.post(url, {"trust": "", "why": "A member for years"})
        self.assertContains(self.client.get(page), "This payer may order now")
        self.assertEqual(Entry.objects.get(action="billing.trusted").why, "A member for years")
        self.client.post(url, {"why": "Owes too much"})
        self.assertContains(self.client.get(page), "This payer pays when ordering")
