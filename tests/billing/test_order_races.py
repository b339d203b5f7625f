"""Two people act at the same moment on two connections. Each race runs with our row locks and without any."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, OperationalError
from django.test import TransactionTestCase, tag
from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.domain.orders import placement, transitions
from billing.domain.payments import attempts
from billing.domain.pricing import balances, credit, discount_codes
from billing.domain.refunds import reservations
from billing.errors import InsufficientCredit, NoOpenBalance, OrderAlreadyPlaced, PaymentInProgress, RefundExceedsPaid
from billing.models import DiscountCode, Order, Payment, Refund
from tests import factories
from tests.billing.base import create_second_attempt
from tests.billing.placements import count_placements
from tests.billing.toys import TOY_CHANGE, Toy, ToyKind, with_toys
from tests.racing import overlap, without_locks


@tag("postgres")
@with_toys
class CheckoutRaceTest(TransactionTestCase):
    def setUp(self) -> None:
        self.now = timezone.now()
        self.alice = factories.create_account("alice@example.org", "Alice")
        self.staff = factories.create_account("sue@example.org", "Sue")
        ToyKind.catalogue = {1: Toy("70")}

    def cart(self, **fields: Any) -> Order:
        order = carts.create_cart(fields.pop("payer", None))
        Order.objects.filter(pk=order.pk).update(payer_email="p@example.org", **fields)
        carts.add_line(order, "toy", 1, {})
        return order

    def place_later(self, order: Order) -> Callable[[], Order]:
        return lambda: placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)

    def place_two_orders_with_last_code(self) -> list[Any]:
        code = DiscountCode.objects.create(code="last", percent=10, limit=1)
        return overlap(
            self.place_later(self.cart(discount_code=code)),
            self.place_later(self.cart(discount_code=code)),
            before=TOY_CHANGE,
        )

    def test_last_use_of_code_goes_to_one_order(self) -> None:
        outcomes = self.place_two_orders_with_last_code()
        self.assertIsInstance(outcomes[0], Order)
        self.assertEqual(str(outcomes[1]), discount_codes.USED_UP)

    def test_control_without_locks_both_orders_use_the_code(self) -> None:
        with without_locks():
            self.place_two_orders_with_last_code()
        self.assertEqual(discount_codes.count_code_uses(DiscountCode.objects.get(), self.now), 2)

    def spend_and_withdraw_credit(self) -> list[Any]:
        """The payer spends her credit while the office withdraws it."""
        credit.adjust_credit(self.alice, Decimal(50), "USD", why="x", by=self.staff)
        return overlap(
            self.place_later(self.cart(payer=self.alice)),
            lambda: credit.adjust_credit(self.alice, Decimal(-50), "USD", why="x", by=self.staff),
            before=TOY_CHANGE,
        )

    def test_credit_is_spent_once(self) -> None:
        outcomes = self.spend_and_withdraw_credit()
        self.assertIsInstance(outcomes[1], InsufficientCredit)
        self.assertEqual(credit.credit_balance(self.alice, "USD"), 0)

    def test_control_without_locks_credit_is_spent_twice(self) -> None:
        with without_locks():
            self.spend_and_withdraw_credit()
        self.assertEqual(credit.credit_balance(self.alice, "USD"), -50)

    def double_click(self) -> list[Any]:
        order = self.cart()
        return overlap(self.place_later(order), self.place_later(order), before=TOY_CHANGE)

    def test_double_click_places_one_order(self) -> None:
        with count_placements() as placed:
            outcomes = self.double_click()
        self.assertIsInstance(outcomes[1], OrderAlreadyPlaced)
        self.assertEqual(len(placed), 1)

    def test_control_without_locks_double_click_places_order_twice(self) -> None:
        with count_placements() as placed, without_locks():
            self.double_click()
        self.assertEqual(len(placed), 2)

    def pay_and_expire(self) -> tuple[Order, list[Any]]:
        order = self.place_later(self.cart())()
        payment = attempts.start_attempt(order, "practice", self.now)
        later = self.now + timedelta(days=1)
        return order, overlap(
            lambda: payment.change_status("confirmed"),
            lambda: transitions.expire_order(order, later),
            before=TOY_CHANGE,
        )

    def test_order_being_paid_does_not_expire(self) -> None:
        order, outcomes = self.pay_and_expire()
        order.refresh_from_db()
        self.assertEqual((outcomes, order.state, balances.overpaid_amount(order)), ([None, False], "paid", 0))

    def test_control_without_locks_only_the_database_prevents_expiry(self) -> None:
        """Each side waits for a row that the other has changed."""
        with without_locks():
            _, outcomes = self.pay_and_expire()
        self.assertIsInstance(outcomes[1], OperationalError)

    def pay_in_two_tabs(self) -> Order:
        """Two attempts of 70 for one order are both confirmed."""
        ToyKind.confirmed.clear()
        order = self.place_later(self.cart())()
        tabs = [create_second_attempt(order, variant) for variant in ("practice", "cash")]
        overlap(*[lambda tab=tab: tab.change_status("confirmed") for tab in tabs], before=TOY_CHANGE)
        return order

    def test_second_payment_is_overpaid_and_does_not_confirm_order_again(self) -> None:
        order = self.pay_in_two_tabs()
        self.assertEqual((order.payment_issues.get().kind, len(ToyKind.confirmed)), ("overpaid", 1))

    def test_control_without_locks_second_payment_confirms_order_again(self) -> None:
        with without_locks():
            self.pay_in_two_tabs()
        self.assertEqual(len(ToyKind.confirmed), 2)

    def refund_with_two_clicks(self) -> list[Any]:
        """Refund everything twice. The second click comes before the first is committed."""
        order = self.place_later(self.cart())()
        attempts.start_attempt(order, "practice", self.now).change_status("confirmed")

        def click() -> list[Refund]:
            return reservations.refund_by_staff(order, Decimal(70), why="x", by=self.staff)

        return overlap(click, click)

    def test_double_click_on_refund_refunds_once(self) -> None:
        outcomes = self.refund_with_two_clicks()
        self.assertEqual([type(outcome) for outcome in outcomes], [list, RefundExceedsPaid])
        self.assertEqual(Payment.objects.get().refunded_amount, 70)

    def test_control_without_locks_only_constraint_prevents_second_refund(self) -> None:
        with without_locks():
            outcomes = self.refund_with_two_clicks()
        self.assertIsInstance(outcomes[1], IntegrityError)


@tag("postgres")
@with_toys
class LatePaymentRaceTest(TransactionTestCase):
    """An expired order is paid at the moment when somebody else wants its code, credit or balance."""

    def setUp(self) -> None:
        self.now = timezone.now()
        self.alice = factories.create_account("alice@example.org", "Alice")
        self.staff = factories.create_account("sue@example.org", "Sue")
        self.code = DiscountCode.objects.create(code="last", percent=10, limit=1)
        ToyKind.catalogue = {1: Toy("70")}

    def placed(self, **fields: Any) -> Order:
        order = carts.create_cart(fields.pop("payer", None))
        Order.objects.filter(pk=order.pk).update(payer_email="p@example.org", **fields)
        carts.add_line(order, "toy", 1, {})
        return placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)

    def expired_order_and_payment(self, **fields: Any) -> tuple[Order, Callable[[], None]]:
        """Returns an expired order and a function that confirms its late payment."""
        order = self.placed(**fields)
        payment = attempts.start_attempt(order, "practice", self.now)
        Order.objects.filter(pk=order.pk).update(held_until=self.now - timedelta(seconds=1))
        transitions.expire_overdue_holds(self.now)
        return order, lambda: payment.change_status("confirmed")

    def pay_late_and_place_new_order(self) -> list[Any]:
        _, pay = self.expired_order_and_payment(discount_code=self.code)
        return overlap(pay, lambda: self.placed(discount_code=self.code), before=TOY_CHANGE)

    def test_last_use_of_code_goes_to_late_payment_or_new_order(self) -> None:
        outcomes = self.pay_late_and_place_new_order()
        self.assertEqual((outcomes[0], str(outcomes[1])), (None, discount_codes.USED_UP))
        self.assertEqual(discount_codes.count_code_uses(self.code, self.now), 1)

    def test_control_without_locks_late_payment_and_new_order_both_use_the_code(self) -> None:
        with without_locks():
            self.pay_late_and_place_new_order()
        self.assertEqual(discount_codes.count_code_uses(self.code, self.now), 2)

    def pay_late_and_withdraw_credit(self) -> list[Any]:
        credit.adjust_credit(self.alice, Decimal(50), "USD", why="x", by=self.staff)
        _, pay = self.expired_order_and_payment(payer=self.alice)
        return overlap(pay, lambda: credit.adjust_credit(self.alice, Decimal(-50), "USD", why="x", by=self.staff))

    def test_credit_used_again_by_late_payment_is_spent_once(self) -> None:
        self.assertIsInstance(self.pay_late_and_withdraw_credit()[1], InsufficientCredit)
        self.assertEqual(credit.credit_balance(self.alice, "USD"), 0)

    def test_control_without_locks_credit_of_late_payment_is_spent_twice(self) -> None:
        with without_locks():
            self.pay_late_and_withdraw_credit()
        self.assertEqual(credit.credit_balance(self.alice, "USD"), -50)

    def pay_late_and_at_the_desk(self) -> tuple[Order, list[Any]]:
        order, pay = self.expired_order_and_payment()
        today = timezone.localdate()
        return order, overlap(
            pay,
            lambda: attempts.record_desk_payment(order, "cash", Decimal(70), by=self.staff, received_on=today),
            before=TOY_CHANGE,
        )

    def test_desk_payment_is_refused_while_order_is_being_paid(self) -> None:
        order, outcomes = self.pay_late_and_at_the_desk()
        order.refresh_from_db()
        self.assertIsInstance(outcomes[1], NoOpenBalance)
        self.assertEqual((order.state, balances.amount_received(order)), ("paid", 70))

    def test_control_without_locks_desk_payment_is_refused_only_by_second_guard(self) -> None:
        """The desk does not wait until the other payment is committed. Only the second guard refuses it."""
        with without_locks():
            _, outcomes = self.pay_late_and_at_the_desk()
        self.assertIsInstance(outcomes[1], PaymentInProgress)
