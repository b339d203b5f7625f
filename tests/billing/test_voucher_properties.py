"""After any sequence of actions, voucher balances equal what came in minus what went out."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from django.test import tag
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as PropertyTestCase

from billing.domain.cancellations import line_cancellation
from billing.domain.orders import cart as carts
from billing.domain.orders import placement, transitions
from billing.domain.payments import attempts
from billing.domain.pricing import balances
from billing.domain.vouchers import office
from billing.errors import DiscountCodeRefused, OrderTransitionRefused
from billing.models import Order, Payment, Refund, Voucher, VoucherEntry
from billing.models.vouchers import VoucherEntry as Entry
from outbox.testing import run_all
from tests import factories
from tests.billing.base import BillingTestCase
from tests.billing.toys import Toy, ToyKind, with_toys

ACTIONS = ["buy", "buy", "use", "use", "use", "pay", "cancel", "cancel_purchase", "lapse", "void", "credit"]
Action = tuple[str, int, int]


@with_toys
@tag("once", "long")
class VoucherLawTest(PropertyTestCase):
    actions = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 9), st.integers(1000, 9999)), max_size=14)

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(actions)
    @example([("use", 0, 1000), ("void", 0, 1000), ("cancel", 0, 1000), ("cancel_purchase", 0, 1000)])
    def test_balances_and_payments_are_consistent_after_any_sequence(self, actions: list[Action]) -> None:
        self.now = BillingTestCase.current_time()
        self.staff = factories.create_account("sue@example.org", "Sue")
        ToyKind.catalogue = {1: Toy("70.01"), 2: Toy("49.99", prepay="5", starts=self.now + timedelta(days=3))}
        for name, which, cents in [("buy", 0, 5000), *actions]:
            acts: dict[str, Callable[[int, Decimal], object]] = {
                "buy": self.buy, "use": self.use, "pay": self.pay, "lapse": self.expire, "void": self.void,
                "cancel": self.cancel_toy, "cancel_purchase": self.cancel_purchase, "credit": self.cancel_for_credit,
            }  # fmt: skip
            acts[name](which, Decimal(cents) / 100)
            self.check_invariants()
        run_all()
        self.check_invariants()

    # -- actions -------------------------------------------------------------------------------------------------------

    def cart(self, kind: str, product: int, **details: str) -> Order:
        order = (
            carts.create_cart(self.staff)
            if product == 2 and carts.find_cart_of_account(self.staff) is None
            else carts.create_cart()
        )
        Order.objects.filter(pk=order.pk).update(payer_email="p@example.org")
        carts.add_line(order, kind, product, details)
        return order

    def pick_order(self, orders_of: str, which: int) -> Order | None:
        orders = list(Order.objects.filter(lines__kind=orders_of).exclude(state="cart").order_by("pk").distinct())
        return orders[which % len(orders)] if orders else None

    def buy(self, which: int, worth: Decimal) -> None:
        order = placement.place_order(
            self.cart("voucher", 0, amount=str(worth)), placement.PlacementOptions(), seen=None, at=self.now
        )
        self.pay_order(order)

    def pay_order(self, order: Order) -> None:
        payment = attempts.start_attempt(order, "practice", self.now)
        attempts.confirm_payment(payment, attempts.PaymentCaptured(payment.total, payment.currency))

    def use(self, which: int, worth: Decimal) -> None:
        vouchers = list(Voucher.objects.order_by("pk"))
        order = self.cart("toy", 1 + which % 2, attendee=f"{which}")
        for voucher in vouchers[which % len(vouchers) :][:2]:
            try:
                carts.enter_code_or_voucher(order, voucher.code, self.now)
            except DiscountCodeRefused:
                continue
        placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)

    def pay(self, which: int, worth: Decimal) -> None:
        order = self.pick_order("toy", which)
        if order is not None and order.can_be_paid(self.now) and balances.open_balance(order, self.now):
            self.pay_order(order)

    def expire(self, which: int, worth: Decimal) -> None:
        if order := self.pick_order("toy", which):
            transitions.expire_order(order, self.now + timedelta(days=1))

    def void(self, which: int, worth: Decimal) -> None:
        voucher = Voucher.objects.order_by("pk")[which % Voucher.objects.count()]
        if voucher.voided_at is None:
            office.void_voucher(voucher, why="x", by=self.staff)

    def cancel_toy(self, which: int, worth: Decimal) -> None:
        self.cancel_first_line(self.pick_order("toy", which), None)

    def cancel_purchase(self, which: int, worth: Decimal) -> None:
        self.cancel_first_line(self.pick_order("voucher", which), Decimal(100))

    def cancel_for_credit(self, which: int, worth: Decimal) -> None:
        self.cancel_first_line(self.pick_order("toy", which), None, as_credit=True)

    def cancel_first_line(self, order: Order | None, percent: Decimal | None, *, as_credit: bool = False) -> None:
        line = order.lines.filter(canceled_at=None).first() if order else None
        try:
            if line is not None:
                line_cancellation.cancel_line(line, at=self.now, why="x", percent_back=percent, as_credit=as_credit)
        except OrderTransitionRefused:
            pass

    # -- invariants ----------------------------------------------------------------------------------------------------

    def check_invariants(self) -> None:
        for voucher in Voucher.objects.prefetch_related("entries"):
            entries = list(voucher.entries.all())
            self.assertEqual(voucher.balance, sum(entry.amount for entry in entries))
            self.assertGreaterEqual(voucher.balance, 0)
            self.assertEqual(
                voucher.balance, voucher.face_value - self.total_used(entries) + self.total_returned(entries)
            )
        for payment in Payment.objects.filter(variant="voucher"):
            self.assertEqual(payment.captured_amount, -payment.voucher_entry.amount)
        for order in Order.objects.filter(state=Order.State.PAID):
            self.assertEqual(balances.amount_available(order), order.amount_charged)
        for refund in Refund.objects.filter(payment__variant="voucher"):
            self.assertEqual((refund.state, refund.voucher_entry.amount), ("done", refund.amount))
        self.check_payments_cover_balances()

    def total_used(self, entries: list[VoucherEntry]) -> Decimal:
        return -sum((entry.amount for entry in entries if entry.amount < 0), Decimal(0))

    def total_returned(self, entries: list[VoucherEntry]) -> Decimal:
        return sum((entry.amount for entry in entries if entry.reason == Entry.Reason.BACK), Decimal(0))

    def check_payments_cover_balances(self) -> None:
        """Nobody gets more than was paid in: real payments cover the balances of all vouchers."""
        paid = sum((each.refundable_amount for each in Payment.objects.exclude(variant="voucher")), Decimal(0))
        self.assertGreaterEqual(paid, sum((each.balance for each in Voucher.objects.all()), Decimal(0)))
