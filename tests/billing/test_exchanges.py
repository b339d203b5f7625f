"""A new line replaces a paid one: the difference, the surplus, refused exchanges and cancellations."""

from decimal import Decimal

from django.db import IntegrityError, transaction
from django.test import override_settings

from billing.domain.cancellations import line_cancellation
from billing.domain.orders import placement, transitions
from billing.domain.pricing import balances, credit
from billing.domain.refunds import exchanges, reservations
from billing.errors import BalanceChanged, OrderNotPlaced, OrderTransitionRefused
from billing.models import DiscountCode, Order, OrderLine
from tests.billing.exchanges import ExchangeTestCase
from tests.billing.toys import Toy, ToyKind, toy_states

State = Order.State


class ExchangeDifferenceTest(ExchangeTestCase):
    def test_amount_paid_for_old_line_is_deducted_and_named(self) -> None:
        ToyKind.catalogue[4] = Toy("100")
        later = self.exchange_line(self.line_of(self.place_paid_order(1)), 4)
        parts = [(part.label, part.amount) for part in balances.price_at(later, self.now).adjustments]
        self.assertEqual(parts, [("Regular price", 100), ("Paid for Toy 1", -70)])
        self.assertEqual((later.state, later.early_total), (State.PLACED, 30))

    def test_exchange_without_difference_is_completed_immediately(self) -> None:
        ToyKind.catalogue[4] = Toy("70")
        first = self.place_paid_order(1)
        later = self.exchange_line(self.line_of(first), 4)
        self.assertEqual(
            (later.state, toy_states(later), toy_states(first)), (State.PAID, ["confirmed"], ["exchanged"])
        )

    def test_old_line_is_kept_until_the_difference_is_paid(self) -> None:
        ToyKind.catalogue[4] = Toy("100")
        first = self.place_paid_order(1)
        later = self.exchange_line(self.line_of(first), 4)
        self.assertEqual((toy_states(first), toy_states(later)), (["confirmed"], ["held"]))
        self.pay_order(later)
        self.assertEqual((toy_states(first), toy_states(later)), (["exchanged"], ["confirmed"]))
        self.assertEqual((first.amount_charged, later.amount_charged), (70, 30))

    def test_surplus_is_refunded_under_the_old_lines_terms(self) -> None:
        ToyKind.catalogue[1] = Toy(percent_back="50")
        first = self.place_paid_order(1)
        self.exchange_line(self.line_of(first), 2)
        first.refresh_from_db()
        self.assertEqual(
            (first.amount_charged, self.line_of(first).retained, balances.amount_received(first)), (60, 10, 60)
        )

    @override_settings(EXCHANGE_SURPLUS="credit")
    def test_surplus_becomes_account_credit_when_configured(self) -> None:
        ToyKind.catalogue[1] = Toy(percent_back="50")
        first = self.place_paid_order(1, payer=self.alice)
        self.exchange_line(self.line_of(first), 2)
        self.assertEqual((credit.credit_balance(self.alice, "USD"), self.amount_available(first)), (20, 50))

    def test_spent_credit_counts_as_paid_and_is_returned_as_credit(self) -> None:
        credit.adjust_credit(self.alice, Decimal(70), "USD", why="x", by=self.ada)
        first = self.place_paid_order(1, payer=self.alice)
        self.exchange_line(self.line_of(first), 2)
        self.assertEqual((credit.credit_balance(self.alice, "USD"), credit.credit_spent_on(first)), (20, 50))

    def test_goodwill_refund_for_whole_order_is_not_granted_again(self) -> None:
        first = self.place_paid_order(1)
        reservations.refund_by_staff(first, Decimal(30), why="x", by=self.ada)
        later = self.exchange_line(self.line_of(first), 2)
        self.assertEqual((self.price_of(later), later.state), (10, State.PLACED))
        self.pay_order(later)
        self.assertEqual(self.amount_available(first, later), 50)


class ExchangeDiscountTest(ExchangeTestCase):
    def setUp(self) -> None:
        super().setUp()
        ToyKind.catalogue |= {3: Toy("70", multi="10"), 4: Toy("70", multi="10"), 5: Toy("70", multi="10")}

    def test_multi_class_discount_stays_with_its_line(self) -> None:
        first = self.place_paid_order(3, 4)
        for number in (0, 1):
            later = self.exchange_line(self.line_of(first, number), 5)
            self.assertEqual((later.state, later.amount_charged), (State.PAID, 0))
        first.refresh_from_db()
        self.assertEqual(first.amount_charged, 130)

    def test_code_still_applies_to_cheaper_exchange(self) -> None:
        DiscountCode.objects.create(code="fifth", percent=Decimal(20))
        ToyKind.catalogue[6] = Toy("35")
        cart = self.create_cart(1)
        cart.discount_code = DiscountCode.objects.get()
        cart.save()
        first = placement.place_order(cart, placement.PlacementOptions(), seen=None, at=self.now)
        self.pay_order(first)
        self.exchange_line(self.line_of(first), 6)
        self.assertEqual(self.amount_available(first), 28)

    def test_early_price_reductions_of_old_and_new_line_do_not_add_up(self) -> None:
        ToyKind.catalogue |= {
            3: Toy("70", prepay="5", starts=self.time_in_days(2)),
            4: Toy("70", prepay="8", starts=self.time_in_days(3)),
        }
        first = self.place_paid_order(3)
        self.exchange_line(self.line_of(first), 4)
        self.assertEqual(self.amount_available(first), 62)

    def test_early_price_is_kept_when_new_class_has_started(self) -> None:
        ToyKind.catalogue |= {
            3: Toy("70", prepay="5", starts=self.time_in_days(2)),
            4: Toy("70", prepay="5", starts=self.time_in_days(-1)),
        }
        later = self.exchange_line(self.line_of(self.place_paid_order(3)), 4)
        self.assertEqual(later.state, State.PAID)

    def test_code_on_new_order_applies_to_the_difference(self) -> None:
        DiscountCode.objects.create(code="half", percent=Decimal(50))
        ToyKind.catalogue[6] = Toy("100")
        old = self.line_of(self.place_paid_order(1))
        cart = self.create_cart(6)
        cart.discount_code = DiscountCode.objects.get()
        cart.save()
        cart.lines.update(exchanged_from=old)
        self.assertEqual(
            placement.place_order(cart, placement.PlacementOptions(), seen=None, at=self.now).early_total, 15
        )


class ExchangeReversalTest(ExchangeTestCase):
    def test_canceled_or_expired_exchange_leaves_old_line_unchanged(self) -> None:
        ToyKind.catalogue[4] = Toy("100")
        old = self.line_of(self.place_paid_order(1))
        transitions.cancel_unpaid_order(self.exchange_line(old, 4), at=self.now)
        transitions.expire_order(self.exchange_line(old, 4), self.time_in_days(1))
        self.assertEqual((toy_states(old.order), old.successor(self.now)), (["confirmed"], None))
        self.assertEqual(line_cancellation.cancel_line(old, at=self.now, why="x"), 70)

    def test_expired_exchange_does_not_block_a_new_one(self) -> None:
        ToyKind.catalogue[4] = Toy("100")
        old = self.line_of(self.place_paid_order(1))
        late = self.exchange_line(old, 4)
        Order.objects.filter(pk=late.pk).update(held_until=self.time_in_days(-1))
        again = self.exchange_line(old, 4)
        self.pay_order(again)
        self.pay_late(late)
        self.assertEqual((toy_states(late)[0] == "confirmed", self.amount_available(late)), (False, 0))

    def test_canceling_an_expired_exchange_does_not_affect_the_exchange_that_followed_it(self) -> None:
        ToyKind.catalogue[4] = Toy("100")
        old = self.line_of(self.place_paid_order(1))
        late = self.exchange_line(old, 4)
        Order.objects.filter(pk=late.pk).update(held_until=self.time_in_days(-1))
        again = self.exchange_line(old, 4)
        self.pay_order(again)
        line_cancellation.cancel_line(self.line_of(late), at=self.now, why="x")
        old.refresh_from_db()
        self.assertEqual((old.canceled_at, self.amount_available(old.order, again)), (None, 100))

    def pay_late(self, order: Order) -> None:
        transitions.expire_overdue_holds(self.now)
        payment = order.payments.create(variant="practice", total=30, currency="USD")
        payment.change_status("confirmed")

    def test_cancellation_refunds_through_the_whole_exchange_chain(self) -> None:
        ToyKind.catalogue |= {4: Toy("100"), 5: Toy("80", percent_back="50")}
        first = self.place_paid_order(1)
        second = self.exchange_line(self.line_of(first), 4)
        self.pay_order(second)
        third = self.exchange_line(self.line_of(second), 5)
        self.assertEqual(self.amount_available(first, second, third), 80)
        self.assertEqual(line_cancellation.cancel_line(self.line_of(third), at=self.now, why="x"), 40)
        self.assertEqual(self.amount_available(first, second, third), 40)
        self.assertFalse(OrderLine.objects.filter(order__in=[first, second, third], canceled_at=None).exists())

    def test_staff_can_defer_difference_to_the_door_and_cancellation_refunds_what_was_paid(self) -> None:
        ToyKind.catalogue[4] = Toy("100")
        first = self.place_paid_order(1)
        later = self.exchange_line(self.line_of(first), 4, due_kind="door", by_staff=self.ada)
        self.assertEqual(
            (toy_states(first), toy_states(later), balances.open_balance(later, self.now)),
            (["exchanged"], ["confirmed"], 30),
        )
        transitions.cancel_unpaid_order(later, at=self.now)
        self.assertEqual(self.amount_available(first), 0)


class ExchangeRefusedTest(ExchangeTestCase):
    def setUp(self) -> None:
        super().setUp()
        ToyKind.catalogue[4] = Toy("100")

    def assert_exchange_refused(self, words: str, old: OrderLine, product: int = 4, **how: object) -> None:
        with self.assertRaisesMessage(OrderNotPlaced, words):
            self.exchange_line(old, product, **how)
        self.assertFalse(Order.objects.filter(state=State.CART).exists())

    def test_only_paid_and_active_lines_can_be_exchanged(self) -> None:
        self.assert_exchange_refused(exchanges.NOT_PAID, self.line_of(self.place_new_order(1)))
        old = self.line_of(self.place_paid_order(1))
        line_cancellation.cancel_line(old, at=self.now, why="x")
        old.refresh_from_db()
        self.assert_exchange_refused(exchanges.NOT_PAID, old)

    def test_second_click_or_second_tab_changes_nothing(self) -> None:
        old = self.line_of(self.place_paid_order(1))
        later = self.exchange_line(old, 4)
        self.assert_exchange_refused(f"Toy 1 is being exchanged for Toy 4 (order {later.pk}).", old, 2)
        self.pay_order(later)
        old.refresh_from_db()
        self.assert_exchange_refused(f"Toy 1 was exchanged for Toy 4 (order {later.pk}).", old, 2)

    def test_old_line_cannot_be_canceled_or_refunded_during_exchange(self) -> None:
        old = self.line_of(self.place_paid_order(1))
        self.exchange_line(old, 4)
        with self.assertRaisesMessage(OrderTransitionRefused, "is being exchanged"):
            line_cancellation.cancel_line(old, at=self.now, why="x")
        with self.assertRaisesMessage(BalanceChanged, "is being exchanged"):
            reservations.refund_by_staff(old.order, Decimal(5), why="x", by=self.ada)

    def test_only_the_payer_can_exchange(self) -> None:
        old = self.line_of(self.place_paid_order(1, payer=self.alice))
        cart = self.create_cart(4, payer=self.sam)
        cart.lines.update(exchanged_from=old)
        with self.assertRaisesMessage(OrderNotPlaced, exchanges.NOT_YOURS):
            placement.place_order(cart, placement.PlacementOptions(), seen=None, at=self.now)

    def test_difference_cannot_be_paid_at_the_door(self) -> None:
        self.assert_exchange_refused(
            "Not everything in your cart can be paid for at the door.",
            self.line_of(self.place_paid_order(1)),
            due_kind="door",
        )

    def test_sold_out_product_leaves_old_line_unchanged(self) -> None:
        ToyKind.catalogue[4] = Toy("100", stock=0)
        old = self.line_of(self.place_paid_order(1))
        self.assert_exchange_refused("sold out", old)
        self.assertEqual((toy_states(old.order), old.successor(self.now)), (["confirmed"], None))

    def test_database_allows_one_successor_per_line(self) -> None:
        old = self.line_of(self.place_paid_order(1))
        other = self.line_of(self.place_new_order(2))
        self.exchange_line(old, 4)
        with self.assertRaises(IntegrityError), transaction.atomic():
            OrderLine.objects.filter(pk=other.pk).update(exchanged_from=old, reserves_exchange=True)
