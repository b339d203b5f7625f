"""Late payments for the last spot on two database connections, with and without locks."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import tag
from django.utils import timezone

from billing.domain.orders import transitions
from billing.domain.payments import attempts
from billing.domain.pricing import balances
from billing.errors import OrderNotPlaced
from billing.models import Order
from outbox.testing import run_all
from tests.racing import overlap, without_locks
from tests.registrations.full_classes import LastSpotTestCase
from tests.registrations.purchases import cart, me, place


@tag("postgres")
class LatePaymentRaceTest(LastSpotTestCase):
    def order(self, name: str) -> Order:
        return place(cart((self.class_offer, me()), name=name, email=f"{name.lower()}@example.org"))

    def late_order(self, name: str) -> tuple[Order, Callable[[], None]]:
        """Return an expired order and a function that confirms its late payment."""
        order = self.order(name)
        payment = attempts.start_attempt(order, "practice", timezone.now())
        over = timezone.now() - timedelta(seconds=1)
        Order.objects.filter(pk=order.pk).update(held_until=over)
        transitions.expire_overdue_holds()
        return order, lambda: payment.change_status("confirmed")

    def pay_two_late_orders(self) -> list[Order]:
        (ann, pay_for_ann), (ben, pay_for_ben) = self.late_order("Ann"), self.late_order("Ben")
        overlap(pay_for_ann, pay_for_ben)
        run_all()
        for order in (ann, ben):
            order.refresh_from_db()
        return [ann, ben]

    def test_of_two_late_payers_one_gets_the_spot_and_the_other_a_refund(self) -> None:
        ann, ben = self.pay_two_late_orders()
        self.assertEqual((ann.state, ben.state, self.taken()), ("paid", "expired", 1))
        self.assertEqual((balances.overpaid_amount(ann), balances.amount_received(ben)), (0, 0))

    def test_control_without_locks_both_late_payers_get_the_last_spot(self) -> None:
        with without_locks():
            self.pay_two_late_orders()
        self.assertEqual(self.taken(), 2)

    def pay_late_during_a_purchase(self) -> list[Any]:
        _, pay_late = self.late_order("Ann")
        cal = cart((self.class_offer, me()), name="Cal", email="cal@example.org")
        return overlap(pay_late, lambda: place(cal))

    def test_late_payer_and_new_buyer_do_not_share_the_last_spot(self) -> None:
        outcomes = self.pay_late_during_a_purchase()
        self.assertIsInstance(outcomes[1], OrderNotPlaced)
        self.assertEqual(self.taken(), 1)

    def test_control_without_locks_late_payer_and_new_buyer_share_the_last_spot(self) -> None:
        with without_locks():
            self.pay_late_during_a_purchase()
        self.assertEqual(self.taken(), 2)
