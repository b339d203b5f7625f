"""One payment at a time: while one is in progress, nothing else pays the same balance."""

import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from django.http import HttpResponse
from django.test import tag
from django.urls import reverse

from billing.domain.orders import due_dates, pay_at_door, transitions
from billing.domain.pricing import balances
from billing.domain.vouchers import office
from billing.errors import OrderTransitionRefused, PaymentInProgress
from billing.gateways.facts import PaymentDeclined, PaymentPending
from billing.models import Order, Payment, PaymentIssue
from common.errors import TemporaryFailure
from history.models import Entry
from tests.billing.hosted_gateway import FakeGateway, HostedGatewayTestCase


class PaymentInProgressTestCase(HostedGatewayTestCase):
    def open_page(self, order: Order, variant: str = "double") -> HttpResponse:
        return self.client.post(order.pay_address, {"method": variant})

    def debit(self, order: Order) -> Payment:
        """Start a bank debit that the payer has authorized and the bank has not confirmed yet."""
        self.open_page(order)
        payment = order.payments.latest("pk")
        self.process_webhook(FakeGateway.report_fact(payment, PaymentPending()))
        payment.refresh_from_db()
        return payment

    def new_code(self, worth: int = 100) -> str:
        words = {"recipient_name": "Rae", "giver_name": "", "message": "", "recipient_email": "", "deliver_on": None}
        return office.issue_free_voucher(Decimal(worth), None, words, why="A prize", by=self.ada).code

    def use_voucher(self, order: Order) -> HttpResponse:
        return self.client.post(order.voucher_address, {"code": self.new_code()}, follow=True)

    def record_cash(self, order: Order, amount: int = 70) -> HttpResponse:
        self.log_in(self.ada)
        data = {"amount": amount, "variant": "cash", "received_on": self.date_in_days()}
        return self.client.post(reverse("desk_record_payment", args=[order.pk]), data)

    def cancel_payment(self, order: Order) -> HttpResponse:
        return self.client.post(order.address("order_stop_payment"), follow=True)

    def assertPaidBy(self, order: Order, *variants: str) -> None:
        paid = order.payments.exclude(captured_at=None).order_by("pk")
        self.assertEqual([payment.variant for payment in paid], list(variants))


class PendingBankDebitTest(PaymentInProgressTestCase):
    def test_voucher_is_refused_while_a_bank_debit_is_pending(self) -> None:
        order = self.place_new_order(1)
        self.debit(order)
        page = self.use_voucher(order)
        self.assertContains(
            page, "A payment of $70.00 is on its way from the bank and can’t be stopped. Method: Double."
        )
        self.assertPaidBy(order)

    def test_order_page_offers_no_voucher_form_and_says_when_the_bank_debit_is_known(self) -> None:
        order = self.place_new_order(1)
        self.debit(order)
        page = self.client.get(order.address())
        self.assertNotContains(page, "Pay with a gift voucher")
        self.assertNotContains(page, order.address("order_stop_payment"))
        self.assertContains(page, "We’ll know by")

    def test_desk_cannot_record_cash_while_a_bank_debit_is_pending(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        self.debit(order)
        self.assertContains(self.record_cash(order), "on its way from the bank", status_code=400)
        self.assertPaidBy(order)

    def test_pending_bank_debit_cannot_be_canceled(self) -> None:
        order = self.place_new_order(1)
        payment = self.debit(order)
        self.assertContains(self.cancel_payment(order), "can’t be stopped")
        payment.refresh_from_db()
        self.assertEqual(payment.status, "preauth")

    def test_payment_request_is_refused_while_a_bank_debit_is_pending(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        self.debit(order)
        with self.assertRaisesMessage(OrderTransitionRefused, "on its way from the bank"):
            due_dates.send_payment_request(order, self.now, by=self.ada)

    def test_order_can_be_paid_another_way_once_the_bank_debit_is_declined(self) -> None:
        order = self.place_new_order(1)
        payment = self.debit(order)
        self.use_voucher(order)
        self.assertPaidBy(order)
        self.process_webhook(FakeGateway.report_fact(payment, PaymentDeclined("No money there.")))
        self.use_voucher(order)
        self.assertPaidBy(order, "voucher")


class OpenPaymentPageTest(PaymentInProgressTestCase):
    def test_second_method_is_refused_while_a_payment_page_is_open_and_the_first_continues(self) -> None:
        order = self.place_new_order(1)
        first = self.open_page(order)
        self.assertSentTo(self.open_page(order, "other"), order.address())
        self.assertEqual(self.open_page(order).headers["Location"], first.headers["Location"])
        self.assertEqual(Payment.objects.count(), 1)

    def test_switching_to_pay_at_the_door_cancels_an_open_payment_page(self) -> None:
        order = self.place_new_order(1)
        self.open_page(order)
        page = self.client.post(order.door_address, follow=True)
        self.assertContains(page, "The payment was canceled. Nothing was charged.")
        order.refresh_from_db()
        self.assertEqual((order.due_kind, order.payments.get().status), (Order.Due.DOOR, "cancelled"))

    def test_order_stays_online_when_its_payment_page_cannot_be_canceled(self) -> None:
        order = self.place_new_order(1)
        self.open_page(order)
        FakeGateway.errors_before.append(TemporaryFailure("No answer."))
        self.assertContains(self.client.post(order.door_address, follow=True), "The payment service doesn’t answer")
        order.refresh_from_db()
        self.assertEqual(order.due_kind, Order.Due.NOW)
        with self.assertRaises(PaymentInProgress):
            pay_at_door.switch_to_pay_at_door(order, self.current_time())

    def test_payer_cancels_an_open_payment_page_and_pays_another_way(self) -> None:
        order = self.place_new_order(1)
        self.open_page(order)
        self.assertContains(self.use_voucher(order), "A payment of $70.00 has been started. Method: Double.")
        self.assertContains(self.client.get(order.address()), "Cancel this payment")
        self.assertContains(self.cancel_payment(order), "The payment was canceled. Nothing was charged.")
        self.use_voucher(order)
        self.assertPaidBy(order, "voucher")

    def test_payment_page_that_was_just_paid_cannot_be_canceled_and_pays_the_order(self) -> None:
        order = self.place_new_order(1)
        self.open_page(order)
        FakeGateway.report_capture(Payment.objects.get())
        self.assertContains(self.cancel_payment(order), "had already gone through")
        self.assertPaidBy(order, "double")

    def test_no_other_payment_is_accepted_while_the_gateway_does_not_answer(self) -> None:
        order = self.place_new_order(1)
        self.open_page(order)
        FakeGateway.errors_before.append(TemporaryFailure("No answer."))
        self.assertContains(self.cancel_payment(order), "Please try again in a minute")
        self.use_voucher(order)
        self.assertPaidBy(order)

    def test_desk_cancels_an_open_payment_page_and_records_cash(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        self.open_page(order)
        self.assertContains(self.record_cash(order), "has been started", status_code=400)
        page = self.client.get(reverse("desk_order", args=[order.pk]))
        self.assertContains(page, reverse("desk_stop_payment", args=[order.pk]))
        self.client.post(reverse("desk_stop_payment", args=[order.pk]))
        self.assertEqual(Entry.objects.get(action="billing.payment_stopped").actor_id, self.ada.pk)
        self.assertEqual(self.record_cash(order).status_code, 302)
        self.assertPaidBy(order, "cash")

    def test_cash_is_refused_for_an_expired_order_whose_payment_page_is_still_open(self) -> None:
        order = self.place_new_order(1)
        self.open_page(order)
        transitions.expire_order(order, self.time_in_days(1))
        self.assertContains(self.record_cash(order), "has been started", status_code=400)
        self.assertPaidBy(order)

    def test_expired_payment_page_is_canceled_by_the_next_payment(self) -> None:
        order = self.place_new_order(1)
        self.open_page(order)
        Payment.objects.update(session_until=self.now - timedelta(minutes=3))
        self.use_voucher(order)
        self.assertPaidBy(order, "voucher")
        self.assertEqual(Payment.objects.earliest("pk").status, "cancelled")

    def test_expired_payment_page_that_was_paid_prevents_a_second_payment(self) -> None:
        """The webhook of the gateway was lost."""
        order = self.place_new_order(1)
        self.open_page(order)
        FakeGateway.report_capture(Payment.objects.get())
        Payment.objects.update(session_until=self.now - timedelta(minutes=3))
        self.use_voucher(order)
        self.assertPaidBy(order, "double")

    def test_voucher_is_refused_while_a_payment_page_is_being_opened(self) -> None:
        order = self.place_new_order(1)
        FakeGateway.during_call = lambda: self.assertContains(self.use_voucher(order), "has been started")  # type: ignore[misc]
        self.open_page(order)
        self.assertPaidBy(order)


@tag("long")
class PaymentSequencesTest(PaymentInProgressTestCase):
    """No sequence of payment steps makes an order receive more than it costs."""

    STEPS = ("open double", "open other", "pay", "debit", "bank", "decline", "voucher", "cash", "stop", "over", "hear")

    def step(self, name: str, order: Order) -> None:
        steps: dict[str, Callable[[], object]] = {
            "open double": lambda: self.open_page(order),
            "open other": lambda: self.open_page(order, "other"),
            "pay": lambda: self.at_gateway(order, FakeGateway.report_capture),
            "debit": lambda: self.at_gateway(order, lambda payment: FakeGateway.report_fact(payment, PaymentPending())),
            "bank": lambda: self.bank(order, pays=True),
            "decline": lambda: self.bank(order, pays=False),
            "voucher": lambda: self.use_voucher(order),
            "cash": lambda: self.record_cash(order, 30),
            "stop": lambda: self.cancel_payment(order),
            "over": lambda: order.payments.filter(status="waiting").update(session_until=self.now - timedelta(hours=2)),
            "hear": self.hear_all,
        }
        steps[name]()

    def at_gateway(self, order: Order, act: Callable[[Payment], object]) -> None:
        """Act only on payment pages that are open at the gateway and have not expired there."""
        for payment in order.payments.exclude(session=""):
            is_over = payment.session_until is not None and payment.session_until < self.now
            if FakeGateway.records[payment.token].state is None and not is_over:
                act(payment)

    def bank(self, order: Order, *, pays: bool) -> None:
        for payment in order.payments.exclude(session=""):
            if isinstance(FakeGateway.records[payment.token].state, PaymentPending):
                _ = FakeGateway.report_capture(payment) if pays else FakeGateway.report_fact(payment, PaymentDeclined())

    def hear_all(self) -> None:
        for message in list(FakeGateway.webhooks.values()):
            self.process_webhook(message, Payment.objects.get(token=message.about.token).variant)

    def test_no_sequence_pays_the_same_balance_twice(self) -> None:
        chance = random.Random(8)
        for number in range(20):
            names = [chance.choice(self.STEPS) for _ in range(9)]
            with self.subTest(number=number, steps=names):
                order = self.place_new_order(1, due=Order.Due.DOOR)
                for name in names:
                    self.step(name, order)
                self.hear_all()
                order.refresh_from_db()
                self.assertLessEqual(balances.amount_received(order), 70)
                self.assertFalse(order.payment_issues.filter(kind=PaymentIssue.Kind.OVERPAID).exists())
