"""An expired order is reinstated by a late payment or at the desk."""

from decimal import Decimal

from django.test import override_settings
from django.urls import reverse

from billing.domain.orders import cart, placement, transitions
from billing.domain.payments import attempts
from billing.domain.pricing import balances, credit, discount_codes
from billing.errors import NoOpenBalance, OrderTransitionRefused
from billing.models import DiscountCode, Order
from history.models import Entry
from mailroom.models import Message
from outbox.testing import run_all
from tests.billing.base import BillingTestCase
from tests.billing.toys import Toy, ToyKind, toy_states
from users.models import User


class ReinstatementTestCase(BillingTestCase):
    def expired_order(self, *products: int, code: str = "", payer: User | None = None) -> Order:
        order = self.create_cart(*products, payer=payer)
        if code:
            cart.set_discount_code(order, code, self.now)
        order = placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)
        Order.objects.filter(pk=order.pk).update(held_until=self.now)
        transitions.expire_overdue_holds()
        order.refresh_from_db()
        return order

    def record_payment(self, order: Order, amount: object = 70, **more: object) -> None:
        attempts.record_desk_payment(
            order,
            "cash",
            Decimal(str(amount)),
            by=self.ada,
            received_on=self.date_in_days(),
            **more,  # type: ignore[arg-type]
        )
        order.refresh_from_db()


class DeskReinstatementTest(ReinstatementTestCase):
    def test_desk_payment_reinstates_and_pays_expired_order(self) -> None:
        order = self.expired_order(1)
        self.record_payment(order)
        self.assertEqual((order.state, toy_states(order), balances.overpaid_amount(order)), ("paid", ["confirmed"], 0))
        self.assertTrue(Entry.objects.filter(action="billing.order_reinstated").exists())
        run_all()
        sent = Message.objects.filter(about_id=str(order.pk), state=Message.STATES.SENT)
        self.assertEqual([message.template for message in sent], ["billing.receipt"])

    def test_partial_payment_reinstates_order_and_leaves_balance_due_at_the_door(self) -> None:
        order = self.expired_order(1)
        self.record_payment(order, 30)
        self.assertEqual((order.state, order.due_kind, toy_states(order)), ("placed", "door", ["confirmed"]))
        self.assertEqual((balances.open_balance(order, self.now), order.has_expired(self.time_in_days(9))), (40, False))

    def test_sold_out_item_is_reported_before_payment_is_recorded(self) -> None:
        order = self.expired_order(1, 2)
        ToyKind.catalogue[2] = Toy("50", stock=0)
        with self.assertRaisesMessage(
            OrderTransitionRefused, "Toy 2: sold out The rest of the order now costs $70.00."
        ):
            self.record_payment(order, 120)
        order.refresh_from_db()
        self.assertEqual((order.state, toy_states(order), order.payments.count()), ("expired", ["released"] * 2, 0))
        self.record_payment(order, 70, accept_changes=True)
        self.assertEqual((order.state, toy_states(order), order.early_total), ("paid", ["confirmed", "released"], 70))

    def test_order_without_available_items_stays_expired(self) -> None:
        order = self.expired_order(1)
        ToyKind.catalogue[1] = Toy("70", stock=0)
        with self.assertRaisesMessage(OrderTransitionRefused, "Toy 1: sold out"):
            self.record_payment(order, accept_changes=True)
        self.assertEqual(order.payments.count(), 0)

    def test_canceled_order_is_not_reinstated(self) -> None:
        order = self.place_new_order(1)
        transitions.cancel_unpaid_order(order, at=self.now)
        with self.assertRaises(NoOpenBalance):
            self.record_payment(order)

    def test_credit_is_spent_again_or_its_shortfall_is_reported(self) -> None:
        credit.adjust_credit(self.alice, Decimal(20), "USD", why="x", by=self.ada)
        order = self.expired_order(1, payer=self.alice)
        self.assertEqual(balances.balance_if_reinstated(order, self.now), 50)
        credit.adjust_credit(self.alice, Decimal(-15), "USD", why="x", by=self.ada)
        with self.assertRaisesMessage(OrderTransitionRefused, "now costs $65.00"):
            self.record_payment(order, 50)
        self.record_payment(order, 65, accept_changes=True)
        self.assertEqual((order.state, credit.credit_balance(self.alice, "USD")), ("paid", 0))

    @override_settings(LATE_PAYMENT="credit")
    def test_partial_payment_turned_into_credit_is_not_counted_twice(self) -> None:
        order = self.place_new_order(1, payer=self.alice)
        self.record_payment(order, 30)
        Order.objects.filter(pk=order.pk).update(held_until=self.now)
        transitions.expire_overdue_holds()
        self.record_payment(order, 70)
        self.assertEqual((order.state, balances.overpaid_amount(order)), ("paid", 0))
        self.assertEqual(credit.credit_balance(self.alice, "USD"), 30)

    def test_desk_page_shows_released_spots_sold_out_item_and_result(self) -> None:
        self.log_in(self.ada)
        order = self.expired_order(1, 2)
        ToyKind.catalogue[2] = Toy("50", stock=0)
        page = reverse("desk_order", args=[order.pk])
        self.assertContains(self.client.get(page), "its spots were released")
        data = {"amount": 120, "variant": "cash", "received_on": self.date_in_days()}
        url = reverse("desk_record_payment", args=[order.pk])
        self.assertContains(self.client.post(url, data), "Toy 2: sold out", status_code=400)
        self.assertRedirects(self.client.post(url, data | {"amount": 70, "accept_changes": "on"}), page)
        self.assertContains(self.client.get(page), "Canceled")


class ReinstatedCodeTest(ReinstatementTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.code = DiscountCode.objects.create(code="spring", percent=10, limit=1)

    def confirm_late_payment(self, order: Order) -> None:
        payment = order.payments.get()
        payment.change_status("confirmed")
        run_all()
        order.refresh_from_db()

    def expired_order_with_attempt(self) -> Order:
        order = self.create_cart(1)
        cart.set_discount_code(order, "spring", self.now)
        order = placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)
        attempts.start_attempt(order, "practice", self.now)
        Order.objects.filter(pk=order.pk).update(held_until=self.now)
        transitions.expire_overdue_holds()
        return order

    def test_late_payment_keeps_code_with_a_use_left_despite_changed_terms(self) -> None:
        order = self.expired_order_with_attempt()
        DiscountCode.objects.update(percent=50, valid_until=self.time_in_days(-1))
        self.confirm_late_payment(order)
        self.assertEqual(
            (order.state, order.amount_charged, discount_codes.count_code_uses(self.code, self.now)), ("paid", 63, 1)
        )

    def test_late_payment_is_refunded_when_code_was_used_up_meanwhile(self) -> None:
        order = self.expired_order_with_attempt()
        other = self.create_cart(1)
        cart.set_discount_code(other, "spring", self.now)
        placement.place_order(other, placement.PlacementOptions(), seen=None, at=self.now)
        self.confirm_late_payment(order)
        self.assertEqual((order.state, balances.amount_received(order), order.discount_code), ("expired", 0, self.code))
        self.assertEqual(discount_codes.count_code_uses(self.code, self.now), 1)

    def test_desk_payment_costs_full_price_when_code_was_used_up(self) -> None:
        order = self.expired_order(1, code="spring")
        DiscountCode.objects.update(limit=0)
        with self.assertRaisesMessage(OrderTransitionRefused, "The discount code has since been used up."):
            self.record_payment(order, 63)
        self.record_payment(order, 70, accept_changes=True)
        self.assertEqual(
            (order.state, order.amount_charged, discount_codes.count_code_uses(self.code, self.now)), ("paid", 70, 0)
        )
