"""Somebody pays or registers while the school cancels a class: two database connections, with and without locks."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.test import TransactionTestCase, tag
from django.utils import timezone

from billing.domain.payments import attempts
from billing.errors import OrderNotPlaced
from billing.models import Order, Payment, Refund
from classwork.errors import ChangeRefused
from outbox.testing import run_all
from registrations.domain.cancellations.class_cancellation import cancel_classes
from registrations.domain.cancellations.request import CancellationRequest
from registrations.models import ClassCancellation, CompensationPolicy, Registration
from tests import factories
from tests.racing import overlap, without_locks
from tests.registrations.purchases import cart, me, pay, place


@tag("postgres")
class CancellationRaceTest(TransactionTestCase):
    def setUp(self) -> None:
        self.class_offer = factories.create_class_offer(
            factories.create_session("Race"), factories.create_subject(), capacity=5
        )

    def cancel_class(self) -> ClassCancellation:
        return cancel_classes(
            None, CancellationRequest(CompensationPolicy.REFUND, class_offer=self.class_offer.pk), "Snow", seen=None
        )

    def order_with_payment(self) -> tuple[Order, Callable[[], Any]]:
        order = place(cart((self.class_offer, me())))
        payment = attempts.start_attempt(order, "practice", timezone.now())
        taken = attempts.PaymentCaptured(Decimal(payment.total), payment.currency)
        return order, lambda: attempts.confirm_payment(payment, taken)

    def test_payment_during_the_cancellation_is_refunded(self) -> None:
        order, pay_order = self.order_with_payment()
        overlap(self.cancel_class, pay_order)
        run_all()
        order.refresh_from_db()
        paid = Payment.objects.get().captured_amount
        self.assertEqual((order.state, Refund.objects.get().amount), (Order.State.CANCELED, paid))

    def test_control_without_locks_payment_for_a_canceled_class_is_kept(self) -> None:
        order, pay_order = self.order_with_payment()
        with without_locks():
            overlap(self.cancel_class, pay_order)
        order.refresh_from_db()
        self.assertEqual((order.state, Refund.objects.count()), (Order.State.PAID, 0))

    def test_registration_during_the_cancellation_is_refused(self) -> None:
        order = cart((self.class_offer, me()))
        outcomes = overlap(self.cancel_class, lambda: place(order))
        self.assertIsInstance(outcomes[1], OrderNotPlaced)
        self.assertFalse(Registration.objects.live().exists())

    def test_control_without_locks_registration_in_a_canceled_class_succeeds(self) -> None:
        order = cart((self.class_offer, me()))
        with without_locks():
            overlap(self.cancel_class, lambda: place(order))
        self.assertTrue(Registration.objects.live().exists())

    def test_two_simultaneous_cancellations_refund_once(self) -> None:
        pay(place(cart((self.class_offer, me()))))
        outcomes = overlap(self.cancel_class, self.cancel_class)
        self.assertIsInstance(outcomes[1], ChangeRefused)
        self.assertEqual((Refund.objects.count(), ClassCancellation.objects.count()), (1, 1))
