"""One voucher is used in two places at the same moment on two connections, with our row locks and without."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.test import TransactionTestCase, tag
from django.utils import timezone

from billing.domain.cancellations import line_cancellation
from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.domain.payments import attempts
from billing.domain.vouchers import eligibility, entries
from billing.models import Order, Payment, Voucher
from tests.billing.toys import Toy, ToyKind, with_toys
from tests.racing import overlap, without_locks


@tag("postgres")
@with_toys
class VoucherRaceTest(TransactionTestCase):
    def setUp(self) -> None:
        self.now = timezone.now()
        ToyKind.catalogue = {1: Toy("70")}
        self.purchase = self.placed(self.cart("voucher", 0, amount="50"))
        payment = attempts.start_attempt(self.purchase, "practice", self.now)
        attempts.confirm_payment(payment, attempts.PaymentCaptured(Decimal(50), "USD"))
        self.voucher = Voucher.objects.get()

    def cart(self, kind: str = "toy", product: int = 1, **details: str) -> Order:
        order = carts.create_cart()
        Order.objects.filter(pk=order.pk).update(payer_email="p@example.org")
        carts.add_line(order, kind, product, details)
        return order

    def placed(self, order: Order) -> Order:
        return placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)

    def place_with_voucher_later(self) -> Callable[[], Order]:
        order = self.cart()
        carts.enter_code_or_voucher(order, self.voucher.code, self.now)
        return lambda: self.placed(order)

    def amount_used(self) -> Decimal:
        self.voucher.refresh_from_db()
        self.assertEqual(self.voucher.balance, sum(entry.amount for entry in self.voucher.entries.all()))
        return sum((payment.refundable_amount for payment in Payment.objects.filter(variant="voucher")), Decimal(0))

    def redeem_twice(self) -> list[Any]:
        return overlap(self.place_with_voucher_later(), self.place_with_voucher_later())

    def test_balance_is_used_by_one_order(self) -> None:
        outcomes = self.redeem_twice()
        self.assertIsInstance(outcomes[0], Order)
        self.assertIn(eligibility.EMPTY, str(outcomes[1]))
        self.assertEqual(self.amount_used(), 50)

    def test_control_without_locks_only_database_prevents_double_use(self) -> None:
        """The second buyer gets an error instead of a message."""
        with without_locks():
            outcomes = self.redeem_twice()
        self.assertIsInstance(outcomes[1], entries.VoucherChanged)
        self.assertEqual(self.amount_used(), 50)

    def redeem_and_cancel_purchase(self) -> list[Any]:
        (line,) = self.purchase.lines.all()
        return overlap(
            self.place_with_voucher_later(),
            lambda: line_cancellation.cancel_line(line, at=self.now, why="changed mind"),
        )

    def test_used_amount_is_not_also_refunded_to_buyer(self) -> None:
        outcomes = self.redeem_and_cancel_purchase()
        self.assertEqual((outcomes[1], self.amount_used()), (0, 50))

    def test_control_without_locks_cancellation_fails_on_changed_voucher(self) -> None:
        with without_locks():
            outcomes = self.redeem_and_cancel_purchase()
        self.assertIsInstance(outcomes[1], entries.VoucherChanged)
