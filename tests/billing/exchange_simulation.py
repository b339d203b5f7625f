"""The school of the order simulation, with exchanges and disputes."""

from collections.abc import Iterable
from contextlib import suppress

from django.db import transaction
from hypothesis.extra.django import TestCase

from billing.domain import locks
from billing.domain.cancellations import line_cancellation
from billing.domain.orders import placement, transitions
from billing.domain.payments import disputes
from billing.domain.pricing import balances
from billing.domain.refunds import price_reductions, reservations
from billing.gateways.facts import DisputeState
from billing.models import Order, OrderLine, Payment
from billing.rules.price_facts import PriceFacts
from tests.billing import order_simulation
from tests.billing.toys import Toy, ToyKind

ACTS = [*order_simulation.ACTS, "exchange", "exchange", "exchange", "exchange_door", "dispute", "back"]


class School(order_simulation.School):
    def __init__(self, logged_in: bool) -> None:
        super().__init__(logged_in)
        ToyKind.catalogue |= {4: Toy("45.67", prepay="3"), 5: Toy("110", percent_back="30")}

    def exchange(self, number: int, **how: object) -> None:
        lines = list(OrderLine.objects.filter(order__state="paid").order_by("pk"))
        if lines:
            old = lines[(7 * number) % len(lines)]
            with suppress(placement.OrderNotPlaced):
                placement.place_exchange_order(
                    old, number, {"attendee": "Pat"}, placement.PlacementOptions(**how), seen=None, at=self.now
                )  # type: ignore[arg-type]

    def exchange_door(self, number: int) -> None:
        self.exchange(number, due="door", by_staff=self.staff)

    def refund(self, number: int) -> None:
        with suppress(reservations.RefundRefused):
            super().refund(number)

    def dispute(self, number: int) -> None:
        """Opened and then won, or lost at once; more than is here no bank takes in this school."""
        payments = [one for one in Payment.objects.order_by("pk") if one.refundable_amount > 0]
        if payments:
            payment = payments[number % len(payments)]
            amount = min(payment.refundable_amount, balances.amount_available(payment.order))
            is_open = payment.disputes.exists()
            state = "won" if is_open else ["open", "lost"][number % 2]
            if amount > 0:
                self.tell(payment, DisputeState(f"d-{payment.pk}", amount, payment.currency, state))

    def tell(self, payment: Payment, fact: DisputeState) -> None:
        with transaction.atomic():
            order = locks.lock_order(payment.order_id)
            disputes.apply_dispute_fact(order, Payment.objects.select_for_update().get(pk=payment.pk), fact)

    def back(self, number: int) -> None:
        """The newest is cancelled, so that chains end."""
        if heads := list(OrderLine.objects.exclude(exchanged_from=None).filter(canceled_at=None).order_by("-pk")):
            with suppress(transitions.OrderTransitionRefused):
                line_cancellation.cancel_line(heads[number % len(heads)], at=self.now, why="x")

    def states(self, lines: Iterable[OrderLine]) -> list[str]:
        """What was exchanged is no toy any more, and stays in its order."""
        return ["confirmed" if line.exchanged_at else line.details["state"] for line in lines if not line.exchanged_at]

    def check(self, test: TestCase) -> None:
        super().check(test)
        for line in OrderLine.objects.exclude(exchanged_from=None).select_related("exchanged_from", "order"):
            self.check_exchange(test, line, line.exchanged_from)  # type: ignore[arg-type]

    def check_order(self, test: TestCase, order: Order) -> None:
        """Nothing is kept without a reason: a line that stands, or the terms of one that was cancelled."""
        super().check_order(test, order)
        if order.state == Order.State.PAID:
            price = balances.price_at(order, order.paid_at or self.now)
            test.assertLessEqual(order.amount_charged, price.total + price_reductions.amount_kept(order))

    def check_exchange(self, test: TestCase, line: OrderLine, old: OrderLine) -> None:
        stands = line.reserves_exchange and line.canceled_at is None
        if old.exchanged_at is None:
            test.assertNotEqual(line.details.get("state"), "confirmed")
            return
        if stands:
            test.assertEqual((old.canceled_at, old.details["state"]), (None, "exchanged"))
            test.assertEqual(line.details["state"], "exchanged" if line.exchanged_at else "confirmed")
        elif line.canceled_at is not None and line.details["state"] == "released" and not old.successor(self.now):
            test.assertIsNotNone(old.canceled_at)
        if stands and not line.exchanged_at:
            self.check_worth(test, line, old)

    def check_worth(self, test: TestCase, line: OrderLine, old: OrderLine) -> None:
        """What the new line has taken over was paid for the old one, and only that is left of it."""
        price = balances.price_at(old.order, old.order.paid_at or self.now)
        cost = sum(part.amount for part in price.adjustments if part.key == old.pk and part.step != "credit")
        carried = PriceFacts.from_json(line.price_facts or {}).exchange_credit
        test.assertGreaterEqual(cost + PriceFacts.from_json(old.price_facts or {}).exchange_credit, carried)
