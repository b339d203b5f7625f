"""A line takes the place of an earlier, paid one: the difference, what stays, what is refused, what goes back."""

from decimal import Decimal

from django.db import IntegrityError, transaction
from django.test import override_settings

from billing.domain.cancellations import line_cancellation
from billing.domain.orders import placement, transitions
from billing.domain.pricing import balances, credit
from billing.domain.refunds import exchanges, reservations
from billing.models import Code, Order, OrderLine
from tests.billing.exchanges import ReplacingTestCase
from tests.billing.toys import Toy, ToyKind, states

State = Order.State


class DifferenceTest(ReplacingTestCase):
    def test_what_was_paid_is_taken_off_and_named(self) -> None:
        ToyKind.catalogue[4] = Toy("100")
        later = self.exchange(self.line(self.paid(1)), 4)
        parts = [(part.label, part.amount) for part in balances.price_at(later, self.now).adjustments]
        self.assertEqual(parts, [("Regular price", 100), ("Paid for Toy 1", -70)])
        self.assertEqual((later.state, later.now_total), (State.PLACED, 30))

    def test_without_a_difference_it_is_done_at_once(self) -> None:
        ToyKind.catalogue[4] = Toy("70")
        first = self.paid(1)
        later = self.exchange(self.line(first), 4)
        self.assertEqual((later.state, states(later), states(first)), (State.PAID, ["confirmed"], ["exchanged"]))
        self.assertEqual(self.told(first)[-1], "line_replaced")

    def test_the_old_thing_stays_until_the_difference_is_paid(self) -> None:
        ToyKind.catalogue[4] = Toy("100")
        first = self.paid(1)
        later = self.exchange(self.line(first), 4)
        self.assertEqual((states(first), states(later)), (["confirmed"], ["held"]))
        self.pay(later)
        self.assertEqual((states(first), states(later)), (["exchanged"], ["confirmed"]))
        self.assertEqual((first.charged, later.charged), (70, 30))

    def test_a_surplus_goes_back_by_the_terms_of_the_old_line(self) -> None:
        ToyKind.catalogue[1] = Toy(percent_back="50")
        first = self.paid(1)
        self.exchange(self.line(first), 2)
        first.refresh_from_db()
        self.assertEqual((first.charged, self.line(first).kept, balances.amount_received(first)), (60, 10, 60))

    @override_settings(EXCHANGE_SURPLUS="credit")
    def test_or_becomes_credit_where_the_school_wants_that(self) -> None:
        ToyKind.catalogue[1] = Toy(percent_back="50")
        first = self.paid(1, payer=self.alice)
        self.exchange(self.line(first), 2)
        self.assertEqual((credit.credit_balance(self.alice, "USD"), self.in_hand(first)), (20, 50))

    def test_credit_that_was_spent_counts_as_paid_and_comes_back_as_credit(self) -> None:
        credit.adjust_credit(self.alice, Decimal(70), "USD", why="x", by=self.ada)
        first = self.paid(1, payer=self.alice)
        self.exchange(self.line(first), 2)
        self.assertEqual((credit.credit_balance(self.alice, "USD"), credit.credit_spent_on(first)), (20, 50))

    def test_goodwill_for_the_whole_order_is_not_given_again(self) -> None:
        first = self.paid(1)
        reservations.refund_by_staff(first, Decimal(30), why="x", by=self.ada)
        later = self.exchange(self.line(first), 2)
        self.assertEqual((self.costs(later), later.state), (10, State.PLACED))
        self.pay(later)
        self.assertEqual(self.in_hand(first, later), 50)


class DiscountTest(ReplacingTestCase):
    def setUp(self) -> None:
        super().setUp()
        ToyKind.catalogue |= {3: Toy("70", multi="10"), 4: Toy("70", multi="10"), 5: Toy("70", multi="10")}

    def test_a_multi_class_discount_stays_with_the_line_that_has_it(self) -> None:
        first = self.paid(3, 4)
        for number in (0, 1):
            later = self.exchange(self.line(first, number), 5)
            self.assertEqual((later.state, later.charged), (State.PAID, 0))
        first.refresh_from_db()
        self.assertEqual(first.charged, 130)

    def test_a_code_stays_and_shrinks_with_a_cheaper_thing(self) -> None:
        Code.objects.create(text="fifth", percent=Decimal(20))
        ToyKind.catalogue[6] = Toy("35")
        cart = self.cart(1)
        cart.code = Code.objects.get()
        cart.save()
        first = placement.place_order(cart, placement.PlacementOptions(), seen=None, at=self.now)
        self.pay(first)
        self.exchange(self.line(first), 6)
        self.assertEqual(self.in_hand(first), 28)

    def test_pre_pay_and_what_stays_do_not_add_up(self) -> None:
        ToyKind.catalogue |= {
            3: Toy("70", prepay="5", starts=self.day(2)),
            4: Toy("70", prepay="8", starts=self.day(3)),
        }
        first = self.paid(3)
        self.exchange(self.line(first), 4)
        self.assertEqual(self.in_hand(first), 62)

    def test_the_pre_pay_of_a_class_that_has_begun_stays_too(self) -> None:
        ToyKind.catalogue |= {
            3: Toy("70", prepay="5", starts=self.day(2)),
            4: Toy("70", prepay="5", starts=self.day(-1)),
        }
        later = self.exchange(self.line(self.paid(3)), 4)
        self.assertEqual(later.state, State.PAID)

    def test_a_code_on_the_new_order_acts_on_the_difference(self) -> None:
        Code.objects.create(text="half", percent=Decimal(50))
        ToyKind.catalogue[6] = Toy("100")
        old = self.line(self.paid(1))
        cart = self.cart(6)
        cart.code = Code.objects.get()
        cart.save()
        cart.lines.update(replaces=old)
        self.assertEqual(
            placement.place_order(cart, placement.PlacementOptions(), seen=None, at=self.now).now_total, 15
        )


class BackTest(ReplacingTestCase):
    def test_an_open_exchange_that_is_cancelled_or_lapses_leaves_the_old_line_as_it_was(self) -> None:
        ToyKind.catalogue[4] = Toy("100")
        old = self.line(self.paid(1))
        transitions.cancel_unpaid_order(self.exchange(old, 4), at=self.now)
        transitions.expire_order(self.exchange(old, 4), self.day(1))
        self.assertEqual((states(old.order), old.successor(self.now)), (["confirmed"], None))
        self.assertEqual(line_cancellation.cancel_line(old, at=self.now, why="x"), 70)

    def test_one_that_lapsed_but_is_not_tidied_stands_in_nobodys_way(self) -> None:
        ToyKind.catalogue[4] = Toy("100")
        old = self.line(self.paid(1))
        late = self.exchange(old, 4)
        Order.objects.filter(pk=late.pk).update(held_until=self.day(-1))
        again = self.exchange(old, 4)
        self.pay(again)
        self.pay_late(late)
        self.assertEqual((states(late)[0] == "confirmed", self.in_hand(late)), (False, 0))

    def pay_late(self, order: Order) -> None:
        transitions.expire_overdue_holds(self.now)
        payment = order.payments.create(variant="practice", total=30, currency="USD")
        payment.change_status("confirmed")

    def test_cancelling_gives_back_through_the_whole_chain(self) -> None:
        ToyKind.catalogue |= {4: Toy("100"), 5: Toy("80", percent_back="50")}
        first = self.paid(1)
        second = self.exchange(self.line(first), 4)
        self.pay(second)
        third = self.exchange(self.line(second), 5)
        self.assertEqual(self.in_hand(first, second, third), 80)
        self.assertEqual(line_cancellation.cancel_line(self.line(third), at=self.now, why="x"), 40)
        self.assertEqual(self.in_hand(first, second, third), 40)
        self.assertFalse(OrderLine.objects.filter(order__in=[first, second, third], cancelled_at=None).exists())

    def test_staff_may_let_the_difference_be_paid_at_the_door_and_cancelling_then_gives_back_what_was_paid(
        self,
    ) -> None:
        ToyKind.catalogue[4] = Toy("100")
        first = self.paid(1)
        later = self.exchange(self.line(first), 4, due="door", by_staff=self.ada)
        self.assertEqual(
            (states(first), states(later), balances.open_balance(later, self.now)), (["exchanged"], ["confirmed"], 30)
        )
        transitions.cancel_unpaid_order(later, at=self.now)
        self.assertEqual(self.in_hand(first), 0)


class RefusedTest(ReplacingTestCase):
    def setUp(self) -> None:
        super().setUp()
        ToyKind.catalogue[4] = Toy("100")

    def assertSays(self, words: str, old: OrderLine, product: int = 4, **how: object) -> None:
        with self.assertRaisesMessage(placement.OrderNotPlaced, words):
            self.exchange(old, product, **how)
        self.assertFalse(Order.objects.filter(state=State.CART).exists())

    def test_only_what_is_paid_and_not_cancelled_is_exchanged(self) -> None:
        self.assertSays(exchanges.NOT_PAID, self.line(self.placed(1)))
        old = self.line(self.paid(1))
        line_cancellation.cancel_line(old, at=self.now, why="x")
        old.refresh_from_db()
        self.assertSays(exchanges.NOT_PAID, old)

    def test_a_second_click_and_a_second_tab_change_nothing(self) -> None:
        old = self.line(self.paid(1))
        later = self.exchange(old, 4)
        self.assertSays(f"Toy 1 is being exchanged for Toy 4 (order {later.pk}).", old, 2)
        self.pay(later)
        old.refresh_from_db()
        self.assertSays(f"Toy 1 was exchanged for Toy 4 (order {later.pk}).", old, 2)

    def test_the_old_line_cannot_be_cancelled_and_its_order_not_refunded_meanwhile(self) -> None:
        old = self.line(self.paid(1))
        self.exchange(old, 4)
        with self.assertRaisesMessage(transitions.OrderTransitionRefused, "is being exchanged"):
            line_cancellation.cancel_line(old, at=self.now, why="x")
        with self.assertRaisesMessage(reservations.BalanceChanged, "is being exchanged"):
            reservations.refund_by_staff(old.order, Decimal(5), why="x", by=self.ada)

    def test_who_did_not_pay_cannot_exchange(self) -> None:
        old = self.line(self.paid(1, payer=self.alice))
        cart = self.cart(4, payer=self.sam)
        cart.lines.update(replaces=old)
        with self.assertRaisesMessage(placement.OrderNotPlaced, exchanges.NOT_YOURS):
            placement.place_order(cart, placement.PlacementOptions(), seen=None, at=self.now)

    def test_a_difference_is_not_left_for_the_door(self) -> None:
        self.assertSays("Not everything in your cart can be paid for at the door.", self.line(self.paid(1)), due="door")

    def test_what_is_sold_out_leaves_everything_as_it_was(self) -> None:
        ToyKind.catalogue[4] = Toy("100", stock=0)
        old = self.line(self.paid(1))
        self.assertSays("sold out", old)
        self.assertEqual((states(old.order), old.successor(self.now)), (["confirmed"], None))

    def test_the_database_knows_one_successor(self) -> None:
        old = self.line(self.paid(1))
        other = self.line(self.placed(2))
        self.exchange(old, 4)
        with self.assertRaises(IntegrityError), transaction.atomic():
            OrderLine.objects.filter(pk=other.pk).update(replaces=old, keeps_replaced=True)
