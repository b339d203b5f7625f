"""A gateway message is processed while something else happens on a second connection. Each race runs twice: with row
locks, and without any, where the test must detect the damage."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import IntegrityError
from django.test import TransactionTestCase, override_settings, tag
from django.utils import timezone
from payments.core import PROVIDER_CACHE

from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.domain.payments import attempts, gateway_polling, webhooks
from billing.domain.pricing import balances
from billing.domain.refunds import reservations
from billing.errors import RefundExceedsPaid
from billing.gateways.facts import DisputeState, Fact, PaymentDeclined, RefundState
from billing.models import Order, Payment
from outbox.models import Event
from outbox.testing import run_all
from tests import factories
from tests.billing.hosted_gateway import with_double
from tests.billing.toys import TOY_CHANGE, Toy, ToyKind, with_toys
from tests.fakes.gateway import FakeGateway
from tests.racing import overlap, without_locks

READ_REFUNDED = r'SELECT "billing_payment"."id", "billing_payment"."refunded_amount" FROM'
"""With this statement the counting of a refund begins."""
COUNT_REFUND = r'UPDATE "billing_payment" SET "refunded_amount"'
CHANGE_STATUS = r'UPDATE "billing_payment" SET "status"'


@tag("postgres")
@with_toys
@with_double
class GatewayRaceTest(TransactionTestCase):
    def setUp(self) -> None:
        PROVIDER_CACHE.clear()
        self.addCleanup(PROVIDER_CACHE.clear)
        FakeGateway.reset()
        ToyKind.catalogue = {1: Toy("70")}
        self.staff = factories.create_account("sue@example.org", "Sue")
        order = carts.create_cart(None)
        Order.objects.filter(pk=order.pk).update(payer_email="p@example.org")
        carts.add_line(order, "toy", 1, {})
        self.order = placement.place_order(order, placement.PlacementOptions(), seen=None, at=timezone.now())
        self.payment = attempts.start_attempt(self.order, "double", timezone.now())
        self.payment.keep_session(FakeGateway().create_session(self.payment, self.payment.key))

    def message_handler(self, fact: Fact | None = None) -> Callable[[], str]:
        message = FakeGateway.report_fact(self.payment, fact) if fact else FakeGateway.report_capture(self.payment)
        return lambda: webhooks.process_webhook("double", message)

    def pay_order(self) -> None:
        self.message_handler()()
        self.order.refresh_from_db()

    def refund_handler(self, reference: str, amount: int) -> Callable[[], str]:
        return self.message_handler(RefundState(reference, Decimal(amount), "USD", "done"))

    def refund_by_staff(self) -> Any:
        return reservations.refund_by_staff(self.order, Decimal(70), why="x", by=self.staff)

    def overpaid_amount(self) -> Decimal:
        return balances.overpaid_amount(Order.objects.get())

    # -- two messages ----------------------------------------------------------------------------------------------

    def test_two_messages_about_one_payment_pay_once(self) -> None:
        outcomes = overlap(self.message_handler(), self.message_handler(), before=TOY_CHANGE)
        self.assertEqual(outcomes, ["applied", "nothing"])
        self.assertEqual(Event.objects.filter(type="billing.order_paid").count(), 1)

    def process_two_refunds_at_once(self) -> list[Any]:
        self.pay_order()
        return overlap(self.refund_handler("r-1", 30), self.refund_handler("r-2", 40), before=READ_REFUNDED)

    def test_two_refund_messages_at_once_keep_the_balance_correct(self) -> None:
        self.assertEqual(self.process_two_refunds_at_once(), ["applied", "applied"])
        self.assertEqual(self.overpaid_amount(), 0)

    def test_control_without_locks_two_refund_messages_corrupt_the_balance(self) -> None:
        with without_locks():
            self.process_two_refunds_at_once()
        self.assertNotEqual(self.overpaid_amount(), 0)

    def process_one_refund_twice_at_once(self) -> list[Any]:
        self.pay_order()
        return overlap(self.refund_handler("r-1", 30), self.refund_handler("r-1", 30), before=READ_REFUNDED)

    def test_two_messages_about_one_refund_count_once(self) -> None:
        self.assertEqual(self.process_one_refund_twice_at_once(), ["applied", "nothing"])

    def test_control_without_locks_only_the_constraint_stops_a_duplicate_refund(self) -> None:
        with without_locks():
            self.assertIsInstance(self.process_one_refund_twice_at_once()[0], IntegrityError)

    # -- a message and the browser ---------------------------------------------------------------------------------

    def decline_while_polling_finds_payment(self) -> None:
        """Apply the decline of a first card while the returning payer's poll finds that a second card was charged."""
        refusal = self.message_handler(PaymentDeclined("Try another card."))
        FakeGateway.report_capture(self.payment)
        overlap(refusal, lambda: gateway_polling.poll_returning_payer(Payment.objects.get()), before=CHANGE_STATUS)

    def test_captured_payment_overrides_a_decline_that_is_being_applied(self) -> None:
        self.decline_while_polling_finds_payment()
        self.assertEqual((Payment.objects.get().status, Order.objects.get().state), ("confirmed", "paid"))

    def test_control_without_locks_a_late_decline_overwrites_a_captured_payment(self) -> None:
        with without_locks():
            self.decline_while_polling_finds_payment()
        self.assertEqual((Payment.objects.get().status, Order.objects.get().state), ("rejected", "paid"))

    def test_message_and_returning_payer_at_once_pay_once(self) -> None:
        overlap(
            self.message_handler(),
            lambda: gateway_polling.poll_returning_payer(Payment.objects.get()),
            before=TOY_CHANGE,
        )
        self.assertEqual(Event.objects.filter(type="billing.order_paid").count(), 1)

    def refund_message_while_polling(self) -> list[Any]:
        self.pay_order()
        polled_facts = [RefundState("r-1", Decimal(30), "USD", "done")]
        return overlap(
            lambda: webhooks.apply_polled_state(Payment.objects.get(), polled_facts),
            self.refund_handler("r-2", 40),
            before=READ_REFUNDED,
        )

    def test_polling_and_a_message_at_once_keep_the_balance_correct(self) -> None:
        self.assertEqual((self.refund_message_while_polling(), self.overpaid_amount()), ([True, "applied"], 0))

    def test_control_without_locks_polling_and_a_message_corrupt_the_balance(self) -> None:
        with without_locks():
            self.refund_message_while_polling()
        self.assertNotEqual(self.overpaid_amount(), 0)

    def decline_and_pay_at_once(self) -> None:
        """Click “Decline” in one tab of the practice gateway and “Pay” in the other."""
        overlap(
            lambda: Payment.objects.get().change_status("rejected"),
            lambda: Payment.objects.get().change_status("confirmed"),
            before=CHANGE_STATUS,
        )

    def test_pay_overrides_decline_when_both_are_clicked_at_once(self) -> None:
        self.decline_and_pay_at_once()
        self.assertEqual(Payment.objects.get().status, "confirmed")

    def test_control_without_locks_decline_overwrites_pay_on_a_paid_order(self) -> None:
        with without_locks():
            self.decline_and_pay_at_once()
        self.assertEqual((Payment.objects.get().status, Order.objects.get().state), ("rejected", "paid"))

    # -- the desk --------------------------------------------------------------------------------------------------

    def refund_twice_at_once(self) -> list[Any]:
        self.pay_order()
        return overlap(self.refund_by_staff, self.refund_by_staff, before=COUNT_REFUND)

    def test_second_of_two_refund_clicks_is_refused(self) -> None:
        self.assertIsInstance(self.refund_twice_at_once()[1], RefundExceedsPaid)
        self.assertEqual(Payment.objects.get().refunded_amount, 70)

    def test_control_without_locks_only_the_constraint_stops_a_second_refund(self) -> None:
        with without_locks():
            self.assertIsInstance(self.refund_twice_at_once()[0], IntegrityError)

    def refund_while_dispute_is_lost(self) -> list[Any]:
        """The refund is left for a background worker. Otherwise it would be sent at the commit, which the dispute also
        waits for, and either could come first."""
        self.pay_order()
        lost = self.message_handler(DisputeState("d-1", Decimal(70), "USD", "lost"))
        with override_settings(OUTBOX_ENGINE="worker"):
            return overlap(self.refund_by_staff, lost, before=COUNT_REFUND)

    def test_refund_is_not_sent_when_the_dispute_is_lost_first(self) -> None:
        outcomes = self.refund_while_dispute_is_lost()
        run_all()
        self.assertEqual((outcomes[0][0].payment_id, outcomes[1]), (self.payment.pk, "applied"))
        refunds = Payment.objects.get().refunds.values_list("origin", "state")
        self.assertEqual(sorted(refunds), [("dispute", "done"), ("ours", "failed")])
        self.assertEqual((Payment.objects.get().refunded_amount, self.overpaid_amount()), (70, 0))

    def test_control_without_locks_only_the_constraint_stops_refunding_twice(self) -> None:
        with without_locks():
            self.assertIsInstance(self.refund_while_dispute_is_lost()[0], IntegrityError)
