from decimal import Decimal

from django.db.models import prefetch_related_objects

from billing.domain.orders import transitions
from billing.domain.payments import attempts
from billing.domain.pricing import balances
from billing.errors import NoOpenBalance, OrderTransitionRefused
from billing.models import Order
from tests.billing.base import BillingTestCase


class OutdatedOrderTest(BillingTestCase):
    """What changes an order reads it anew, whatever the caller loaded before."""

    def setUp(self) -> None:
        super().setUp()
        self.outdated = self.place_new_order(1)
        prefetch_related_objects([self.outdated], "lines", "payments")
        payment = attempts.start_attempt(Order.objects.get(pk=self.outdated.pk), "practice", self.now)
        attempts.confirm_payment(payment, attempts.PaymentCaptured(payment.total, payment.currency))

    def test_prefetched_order_does_not_know_the_later_payment(self) -> None:
        self.assertEqual(balances.amount_received(self.outdated), 0)
        self.assertEqual(balances.amount_received(Order.objects.get(pk=self.outdated.pk)), self.outdated.early_total)

    def test_paid_order_cannot_be_paid_again(self) -> None:
        with self.assertRaises(NoOpenBalance):
            attempts.start_attempt(self.outdated, "practice", self.now)
        with self.assertRaises(NoOpenBalance):
            attempts.record_desk_payment(self.outdated, "cash", Decimal(1), by=self.ada, received_on=self.now.date())

    def test_paid_order_is_neither_canceled_nor_expired(self) -> None:
        with self.assertRaises(OrderTransitionRefused):
            transitions.cancel_unpaid_order(self.outdated, at=self.now)
        self.assertFalse(transitions.expire_order(self.outdated, self.now))
        self.assertEqual(Order.objects.get(pk=self.outdated.pk).state, Order.State.PAID)
