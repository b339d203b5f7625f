"""A simulation of a school’s orders, for tests of what must be true after any sequence of steps."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from hypothesis.extra.django import TestCase

from billing.domain import locks
from billing.domain.cancellations import line_cancellation
from billing.domain.orders import cart as carts
from billing.domain.orders import due_dates, placement, transitions
from billing.domain.payments import attempts, disputes
from billing.domain.pricing import balances, credit, discount_codes
from billing.domain.refunds import reservations
from billing.errors import NoOpenBalance, OrderNotPlaced, OrderTransitionRefused, RefundExceedsPaid
from billing.gateways.facts import DisputeState
from billing.models import Credit, DiscountCode, Order, OrderLine, Payment, PaymentIssue, Refund
from tests import factories
from tests.billing.base import BillingTestCase, create_second_attempt
from tests.billing.toys import Toy, ToyKind

STEPS = """
    place_order place_door_order pay_order pay_order record_desk_payment set_due_date pay_twice let_holds_pass
    expire_holds cancel_order cancel_line cancel_line_for_credit refund_order give_credit
""".split()


class OrderSimulation:
    def __init__(self, logged_in: bool) -> None:
        self.payer = factories.create_account("p@example.org", "Pat") if logged_in else None
        self.staff = factories.create_account("s@example.org", "Sue")
        self.now = BillingTestCase.current_time()
        start = self.now + timedelta(days=1)
        ToyKind.catalogue = {
            0: Toy("70", prepay="5", multi="10", starts=start),
            1: Toy("60.33", multi="8", percent_back="50", stock=2),
            2: Toy("20", prepay="20", starts=start),
            3: Toy("0"),
        }
        DiscountCode.objects.create(code="third", percent=Decimal("33.33"), limit=2)
        DiscountCode.objects.create(code="fifteen", amount=Decimal(15))

    def pick_order(self, number: int) -> Order | None:
        found = list(Order.objects.placed().order_by("pk"))
        return found[number % len(found)] if found else None

    def place_order(self, number: int, due: str = Order.Due.NOW) -> None:
        cart = (
            carts.create_cart()
            if self.payer is None
            else carts.find_cart_of_account(self.payer) or carts.create_cart(self.payer)
        )
        for product in {number % 4, (number + 1) % 3}:
            carts.add_line(cart, "toy", product, {"attendee": "Pat"})
        cart.discount_code = DiscountCode.objects.filter(code=["third", "fifteen", ""][number % 3]).first()
        cart.save()
        with suppress(OrderNotPlaced):
            placement.place_order(cart, placement.PlacementOptions(due), seen=None, at=self.now)

    def place_door_order(self, number: int) -> None:
        self.place_order(number, Order.Due.DOOR)

    def pay_order(self, number: int) -> None:
        if order := self.pick_order(number):
            with suppress(NoOpenBalance):
                attempts.start_attempt(order, "practice", self.now).change_status("confirmed")

    def pay_twice(self, number: int) -> None:
        """Pay in two tabs. Both payments succeed, the second after the hold may have expired."""
        if (
            (order := self.pick_order(number))
            and order.can_be_paid(self.now)
            and balances.open_balance(order, self.now)
        ):
            tabs = [create_second_attempt(order, variant) for variant in ("practice", "cash")]
            tabs[0].change_status("confirmed")
            self.expire_holds(number)
            tabs[1].change_status("confirmed")

    def record_desk_payment(self, number: int) -> None:
        """The desk may also accept payments for orders that have expired."""
        if order := self.pick_order(number):
            with suppress(NoOpenBalance, OrderTransitionRefused):
                attempts.record_desk_payment(
                    order,
                    "cash",
                    Decimal(10 * number),
                    by=self.staff,
                    received_on=timezone.localdate(self.now),
                    accept_changes=number % 2 == 1,
                )

    def set_due_date(self, number: int) -> None:
        if order := self.pick_order(number):
            with suppress(OrderTransitionRefused):
                due_dates.set_due_date(order, timezone.localdate(self.now), self.now, why="x", by=self.staff)

    def let_holds_pass(self, number: int) -> None:
        Order.objects.filter(state="placed", due_kind="now").update(held_until=self.now - timedelta(seconds=1))
        open_payments = Payment.objects.filter(status="waiting")
        for payment in open_payments[:number]:
            payment.change_status("confirmed")

    def expire_holds(self, number: int) -> None:
        transitions.expire_overdue_holds(self.now)

    def cancel_order(self, number: int) -> None:
        if order := self.pick_order(number):
            with suppress(OrderTransitionRefused):
                transitions.cancel_unpaid_order(order, at=self.now)

    def cancel_line(self, number: int, as_credit: bool = False) -> None:
        if order := self.pick_order(number):
            line = order.lines.order_by("pk")[number % order.lines.count()]
            with suppress(OrderTransitionRefused):
                line_cancellation.cancel_line(line, at=self.now, why="x", as_credit=as_credit)

    def cancel_line_for_credit(self, number: int) -> None:
        self.cancel_line(number, as_credit=True)

    def refund_order(self, number: int) -> None:
        if order := self.pick_order(number):
            with suppress(RefundExceedsPaid):
                reservations.refund_by_staff(order, Decimal(7 * number), why="x", by=self.staff)

    def dispute_payment(self, number: int) -> None:
        """A dispute is opened and later won, or lost immediately. It is never about more than the order still has."""
        payments = [one for one in Payment.objects.order_by("pk") if one.refundable_amount > 0]
        if payments:
            payment = payments[number % len(payments)]
            amount = min(payment.refundable_amount, balances.amount_available(payment.order))
            is_open = payment.disputes.exists()
            state = "won" if is_open else ["open", "lost"][number % 2]
            if amount > 0:
                self.apply_dispute(payment, DisputeState(f"d-{payment.pk}", amount, payment.currency, state))

    def apply_dispute(self, payment: Payment, fact: DisputeState) -> None:
        with transaction.atomic():
            order = locks.lock_order(payment.order_id)
            disputes.apply_dispute_fact(order, Payment.objects.select_for_update().get(pk=payment.pk), fact)

    def give_credit(self, number: int) -> None:
        if self.payer is not None and number:
            credit.adjust_credit(self.payer, Decimal(11 * number), "USD", why="x", by=self.staff)

    def line_states(self, lines: Iterable[OrderLine]) -> list[str]:
        """Return the states of the items that were sold."""
        return [line.details["state"] for line in lines]

    def check_invariants(self, test: TestCase) -> None:
        for order in Order.objects.placed():
            self.check_order(test, order)
        for payment in Payment.objects.all():
            back = sum(refund.amount for refund in payment.refunds.exclude(state=Refund.State.FAILED))
            test.assertEqual(back, payment.refunded_amount)
            test.assertEqual(payment.captured_amount, payment.total if payment.captured_at else 0)
        if self.payer is not None:
            test.assertGreaterEqual(credit.credit_balance(self.payer, "USD"), 0)
        for code in DiscountCode.objects.exclude(limit=None):
            test.assertLessEqual(discount_codes.count_code_uses(code, self.now), code.limit)

    def check_order(self, test: TestCase, order: Order) -> None:
        over, spent = balances.overpaid_amount(order), credit.credit_spent_on(order)
        price = balances.price_at(order, order.paid_at or self.now)
        test.assertGreaterEqual(spent, order.credit_retained)
        if order.state == Order.State.PLACED:
            test.assertEqual(order.amount_charged, 0)
            test.assertEqual(price.credit, spent - order.credit_retained)
            return
        test.assertGreaterEqual(over, 0)
        if over:
            test.assertTrue(PaymentIssue.objects.filter(order=order, closed_at=None).exists(), f"{over} over")
        if order.state == Order.State.PAID:
            test.assertEqual(price.credit, spent - order.credit_retained)
            live = [line for line in order.lines.all() if line.canceled_at is None]
            test.assertEqual(set(self.line_states(live)) - {"confirmed"}, set())
        else:
            test.assertEqual((order.amount_charged, spent), (0, order.credit_retained))
            test.assertNotIn("confirmed", self.line_states(order.lines.all()))
        instead = sum(entry.amount for entry in order.credit_entries.filter(reason=Credit.Reason.INSTEAD))
        test.assertEqual(order.returned_as_credit, instead)
