"""Two payments of one balance at the same moment on two connections, with and without row locks."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.test import TransactionTestCase, tag
from django.utils import timezone
from payments.core import PROVIDER_CACHE

from billing.domain.orders import cart as carts
from billing.domain.orders import placement, voucher_redemption
from billing.domain.payments import attempts, gateway_polling
from billing.domain.pricing import balances
from billing.domain.vouchers import office
from billing.errors import PaymentInProgress
from billing.models import Order, Payment
from tests import factories
from tests.billing.hosted_gateway import with_double
from tests.billing.toys import Toy, ToyKind, with_toys
from tests.fakes.gateway import FakeGateway
from tests.racing import overlap, without_locks


@tag("postgres")
@with_toys
@with_double
class OnePaymentRaceTest(TransactionTestCase):
    def setUp(self) -> None:
        PROVIDER_CACHE.clear()
        self.addCleanup(PROVIDER_CACHE.clear)
        FakeGateway.reset()
        self.now = timezone.now()
        self.staff = factories.create_account("sue@example.org", "Sue")
        ToyKind.catalogue = {1: Toy("70")}
        cart = carts.create_cart()
        Order.objects.filter(pk=cart.pk).update(payer_email="p@example.org")
        carts.add_line(cart, "toy", 1, {})
        self.order = placement.place_order(cart, placement.PlacementOptions(Order.Due.DOOR), seen=None, at=self.now)
        words = {"recipient_name": "Rae", "giver_name": "", "message": "", "recipient_email": "", "deliver_on": None}
        self.code = office.issue_free_voucher(Decimal(100), None, words, why="A prize", by=self.staff).code

    def starter_of(self, variant: str) -> Callable[[], Payment]:
        return lambda: attempts.start_attempt(self.order, variant, self.now)

    def voucher(self) -> Decimal:
        return voucher_redemption.redeem_voucher_on_order(self.order, self.code, self.now)

    def cash(self) -> Payment:
        return attempts.record_desk_payment(
            self.order, "cash", Decimal(70), by=self.staff, received_on=timezone.localdate(self.now)
        )

    def assert_one_is_refused(self, outcomes: list[Any]) -> None:
        self.assertEqual([type(outcome) for outcome in outcomes].count(PaymentInProgress), 1, outcomes)

    def test_two_gateways_at_once_start_one_attempt(self) -> None:
        self.assert_one_is_refused(overlap(self.starter_of("double"), self.starter_of("other")))
        self.assertEqual(Payment.objects.count(), 1)

    def test_control_without_locks_two_gateways_at_once_start_two_attempts(self) -> None:
        with without_locks():
            overlap(self.starter_of("double"), self.starter_of("other"))
        self.assertEqual(Payment.objects.count(), 2)

    def test_voucher_is_refused_while_a_card_payment_is_being_started(self) -> None:
        self.assert_one_is_refused(overlap(self.starter_of("double"), self.voucher))
        self.assertEqual(balances.amount_received(self.order), 0)

    def test_control_without_locks_voucher_pays_while_a_card_payment_is_being_started(self) -> None:
        with without_locks():
            overlap(self.starter_of("double"), self.voucher)
        self.assertEqual((Payment.objects.count(), balances.amount_received(self.order)), (2, 70))

    def test_cash_is_refused_while_a_card_payment_is_being_started(self) -> None:
        self.assert_one_is_refused(overlap(self.starter_of("double"), self.cash))
        self.assertEqual(balances.amount_received(self.order), 0)

    def test_control_without_locks_cash_is_recorded_while_a_card_payment_is_being_started(self) -> None:
        with without_locks():
            overlap(self.starter_of("double"), self.cash)
        self.assertEqual((Payment.objects.count(), balances.amount_received(self.order)), (2, 70))

    def test_payment_cannot_be_canceled_while_its_capture_is_starting(self) -> None:
        payment = attempts.start_attempt(self.order, "double", self.now)
        payment.keep_session(FakeGateway().create_session(payment, payment.key))
        outcomes = overlap(payment.begin_capture, lambda: gateway_polling.stop_payment(self.order, self.now))
        self.assertIs(outcomes[0], True)
        self.assertIsInstance(outcomes[1], PaymentInProgress)

    def test_canceled_payment_is_not_captured(self) -> None:
        payment = attempts.start_attempt(self.order, "double", self.now)
        payment.keep_session(FakeGateway().create_session(payment, payment.key))
        gateway_polling.stop_payment(self.order, self.now)
        self.assertIs(payment.begin_capture(), False)
