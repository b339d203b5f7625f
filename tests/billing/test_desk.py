import re
from decimal import Decimal

from django.test import tag
from django.urls import reverse

from billing.domain import payment_issues
from billing.domain.payments import attempts
from billing.domain.pricing import credit
from billing.models import Order, Payment, PaymentIssue, Refund
from history.models import Entry
from outbox.testing import run_all
from tests.billing.base import BillingTestCase


@tag("once")
class DeskTest(BillingTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.ada)

    def act(self, name: str, order: Order, *args: int, **data: object) -> int:
        return self.client.post(reverse(name, args=[order.pk, *args]), data).status_code

    def record(self, order: Order, amount: object, **more: object) -> int:
        data = {"amount": amount, "variant": "cash", "received_on": self.date_in_days()} | more
        return self.act("desk_record_payment", order, **data)

    def test_desk_records_a_cash_payment_for_a_pay_at_the_door_order(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        self.assertContains(self.client.get(reverse("desk_order", args=[order.pk])), "Pay at the door")
        self.assertEqual(self.record(order, 70), 302)
        order.refresh_from_db()
        self.assertEqual((order.state, order.payments.get().recorded_by), ("paid", self.ada))
        self.assertEqual(Entry.objects.get(action="billing.payment_recorded").actor_id, self.ada.pk)
        self.assertContains(
            self.client.get(reverse("desk_order", args=[order.pk])), "Ada Adler recorded a cash payment of $"
        )

    def test_desk_payment_above_the_balance_or_dated_in_the_future_is_refused(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        for amount, more in ((71, {}), (-1, {}), (0, {}), ("1e30", {}), (70, {"received_on": self.date_in_days(2)})):
            self.assertEqual(self.record(order, amount, **more), 400)
        self.assertEqual(self.record(order, 70, variant="practice"), 400)
        self.assertFalse(order.payments.exists())

    def test_desk_refund_requires_a_reason(self) -> None:
        order = self.place_new_order(1)
        self.pay_order(order)
        self.assertEqual(self.act("desk_refund", order, amount=10), 400)
        self.assertEqual(self.act("desk_refund", order, amount=71, why="x"), 400)
        self.assertEqual(self.act("desk_refund", order, amount=10, why="A cold room"), 302)
        run_all()
        self.assertContains(self.client.get(reverse("desk_order", args=[order.pk])), "A cold room")

    def test_double_click_on_record_payment_or_refund_is_applied_once(self) -> None:
        """The form submits the amount received when the page was shown, so the second click has an outdated amount."""
        order = self.place_new_order(1, due=Order.Due.DOOR)
        self.assertEqual([self.record(order, 30, received=0) for _ in range(2)], [302, 400])
        self.assertEqual([self.record(order, 40, received=30) for _ in range(2)], [302, 400])
        give = {"amount": 10, "why": "A cold room", "received": 70}
        self.assertEqual(self.act("desk_refund", order, **give), 302)
        again = self.client.post(reverse("desk_refund", args=[order.pk]), give)
        self.assertContains(again, "The amount received has changed to $60.00.", status_code=400)
        self.assertRegex(again.content.decode(), r'name="received" value="60[."]')
        self.assertEqual((order.payments.count(), Refund.objects.get().amount), (2, 10))

    def test_invalid_desk_input_changes_nothing(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        self.pay_order(paid := self.place_new_order(1))
        entries = Entry.objects.count()
        for amount in ("NaN", "Infinity", "-1", "0", "1e30", "0.001", "9" * 40, "\0", "1,5", ""):
            with self.subTest(amount):
                self.assertEqual(self.record(order, amount), 400)
                self.assertEqual(self.act("desk_refund", paid, amount=amount, why="x"), 400)
        for name, data in (
            ("desk_record_payment", {"amount": 1, "variant": "stripe", "received_on": self.date_in_days()}),
            (
                "desk_record_payment",
                {"amount": 1, "variant": "cash", "received_on": self.date_in_days(), "received": "x"},
            ),
            ("desk_refund", {"amount": 1, "why": "\0"}),
            ("desk_pay_later", {"due_date": "99999-01-01", "why": "x"}),
            ("desk_cancel_order", {"why": "x" * 301}),
        ):
            with self.subTest(name):
                self.assertEqual(self.act(name, order, **data), 400)
        self.assertEqual((order.payments.count(), Refund.objects.count(), Entry.objects.count()), (0, 0, entries))

    def test_desk_actions_on_a_missing_order_are_not_found(self) -> None:
        for number in (0, 99, 10**18, 10**30):
            for name in ("desk_record_payment", "desk_pay_later", "desk_ask_payer", "desk_refund", "desk_cancel_order"):
                self.assertEqual(self.client.post(reverse(name, args=[number])).status_code, 404)

    def test_refused_action_shows_its_error_even_if_the_page_no_longer_has_the_form(self) -> None:
        order = self.place_new_order(1)
        self.pay_order(order)
        for name, data in (
            (
                "desk_record_payment",
                {"amount": 70, "variant": "cash", "received_on": self.date_in_days(), "received": 0},
            ),
            ("desk_pay_later", {"due_date": self.date_in_days(), "why": "x"}),
            ("desk_cancel_order", {"why": "x"}),
        ):
            answer = self.client.post(reverse(name, args=[order.pk]), data)
            self.assertContains(answer, "Please check the following", status_code=400)

    def test_refused_desk_refund_says_why(self) -> None:
        order = self.place_new_order(1)
        payment = attempts.start_attempt(order, "practice", self.now)
        payment.change_status("preauth")
        self.assertRefused(order, 70, "This order isn’t paid yet.")
        payment.change_status("confirmed")
        self.assertRefused(order, 71, "more than can be refunded. $70.00 is left.")
        self.assertEqual(self.act("desk_refund", order, amount=70, why="x"), 302)
        self.assertRefused(order, 70, "has already been refunded")

    def assertRefused(self, order: Order, amount: int, sentence: str) -> None:
        answer = self.client.post(reverse("desk_refund", args=[order.pk]), {"amount": amount, "why": "x"})
        self.assertContains(answer, sentence, status_code=400)

    def test_field_ids_are_unique_on_the_order_page(self) -> None:
        page = self.client.get(reverse("desk_order", args=[self.place_new_order(1, 2).pk])).content.decode()
        ids = re.findall(r'<(?:input|select|textarea)[^>]* id="([^"]+)"', page)
        self.assertEqual(len(ids), len(set(ids)))

    def test_desk_cancels_an_unpaid_order(self) -> None:
        order = self.place_new_order(1)
        self.assertEqual(self.act("desk_cancel_order", order, why="Twice by mistake"), 302)
        order.refresh_from_db()
        self.assertEqual(order.state, "canceled")
        self.assertEqual(Entry.objects.get(action="billing.order_canceled").reason, "Twice by mistake")

    def test_double_click_on_cash_handover_records_one_refund(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        self.record(order, 70)
        self.act("desk_refund", order, amount=70, why="x")
        run_all()
        self.assertContains(self.client.get(reverse("desk_payments")), "To be picked up")
        url = reverse("desk_refund_handed_over", args=[Refund.objects.get().pk])
        self.assertEqual([self.client.post(url).status_code for _ in range(2)], [302, 302])
        self.assertContains(self.client.get(reverse("desk_order", args=[order.pk])), "Refunded")

    def test_desk_adds_and_takes_back_credit_with_a_reason(self) -> None:
        url = reverse("desk_credit_of", args=[self.alice.pk])
        for amount, why in ((20, "A cancelled evening"), (-5, "Too much")):
            self.assertRedirects(self.client.post(url, {"amount": amount, "why": why}), url)
        self.assertContains(self.client.post(url, {"amount": -16, "why": "x"}), "The balance is too low for that.")
        self.assertContains(self.client.post(url, {"amount": "0.001", "why": "x"}), "valid amount")
        self.assertEqual(self.client.post(url, {"amount": 1}).status_code, 200)
        self.assertEqual(credit.credit_balance(self.alice, "USD"), 15)
        self.assertContains(self.client.get(reverse("desk_credit")), "$15.00")
        self.assertContains(self.client.get(f"{reverse('desk_credit')}?q=sam@"), "$0.00")

    def test_payment_issues_are_listed_and_closed_with_a_resolution(self) -> None:
        order = self.place_new_order(1)
        case = payment_issues.open_issue(PaymentIssue.Kind.OTHER, order, "Look at this")
        self.assertContains(self.client.get(reverse("desk_payment_issues")), "Look at this")
        url = reverse("desk_close_payment_issue", args=[case.pk])
        self.client.post(url, {"answer": ""})
        self.assertTrue(PaymentIssue.objects.filter(closed_at=None).exists())
        self.client.post(url, {"answer": "Phoned her"})
        self.assertEqual(
            (PaymentIssue.objects.get().resolution, PaymentIssue.objects.get().closed_by), ("Phoned her", self.ada)
        )

    def test_orders_are_found_by_number_email_product_and_state(self) -> None:
        order = self.place_new_order(2)
        self.place_new_order(1, due=Order.Due.DOOR)
        for query in (f"q={order.pk}", f"q=%23{order.pk}", "q=toy+2"):
            self.assertContains(self.client.get(f"{reverse('desk_orders')}?{query}"), "badge", count=1)
        for query, count in (("q=PAT@", 2), ("q=nobody", 0), ("show=open", 2), ("show=paid", 0), ("show=x", 2)):
            self.assertContains(self.client.get(f"{reverse('desk_orders')}?{query}"), "badge", count=count)

    def add_refunded_orders(self, count: int) -> None:
        """Add orders with a partial refund and a won dispute."""
        for _ in range(count):
            payment = self.pay_order(self.place_new_order(1, 2))
            payment.refunds.create(amount=Decimal(5), state=Refund.State.DONE)
            Payment.objects.filter(pk=payment.pk).update(refunded_amount=5)
            payment.disputes.create(reference="d-1", amount=Decimal(5), state="won", closed_at=self.now)

    def test_lists_need_the_same_number_of_queries_for_any_number_of_rows(self) -> None:
        self.assertSameQueries(reverse("desk_orders"), self.add_refunded_orders)
        self.assertSameQueries(reverse("desk_payments"), self.add_refunded_orders)
        order = self.place_new_order(1)
        self.assertSameQueries(
            reverse("desk_payment_issues"),
            lambda count: [
                payment_issues.open_issue("other", order, str(PaymentIssue.objects.count())) for _ in range(count)
            ],
        )
        self.assertSameQueries(
            reverse("desk_credit_of", args=[self.alice.pk]),
            lambda count: [
                credit.adjust_credit(self.alice, Decimal(1), "USD", why="x", by=self.ada) for _ in range(count)
            ],
        )
