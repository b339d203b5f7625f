"""The order simulation with exchanges and disputes."""

from collections.abc import Iterable
from contextlib import suppress

from hypothesis.extra.django import TestCase

from billing.domain.cancellations import line_cancellation
from billing.domain.pricing import balances
from billing.errors import OrderNotPlaced, OrderTransitionRefused, RefundRefused
from billing.models import Order, OrderLine
from billing.rules.price_facts import PriceFacts
from tests.billing import order_simulation
from tests.billing.exchanges import place_exchange_order
from tests.billing.toys import Toy, ToyKind

STEPS = [
    *order_simulation.STEPS,
    "exchange_line",
    "exchange_line",
    "exchange_line",
    "exchange_line_at_door",
    "dispute_payment",
    "cancel_newest_exchange",
]


class ExchangeSimulation(order_simulation.OrderSimulation):
    def __init__(self, logged_in: bool) -> None:
        super().__init__(logged_in)
        ToyKind.catalogue |= {4: Toy("45.67", prepay="3"), 5: Toy("110", percent_back="30")}

    def exchange_line(self, number: int, **how: object) -> None:
        lines = list(OrderLine.objects.filter(order__state="paid").order_by("pk"))
        if lines:
            old = lines[(7 * number) % len(lines)]
            with suppress(OrderNotPlaced):
                place_exchange_order(old, number, self.now, **how)

    def exchange_line_at_door(self, number: int) -> None:
        self.exchange_line(number, due_kind="door", by_staff=self.staff)

    def refund_order(self, number: int) -> None:
        with suppress(RefundRefused):
            super().refund_order(number)

    def cancel_newest_exchange(self, number: int) -> None:
        """Cancel one of the newest lines, so that chains of exchanges end."""
        if heads := list(OrderLine.objects.exclude(exchanged_from=None).filter(canceled_at=None).order_by("-pk")):
            with suppress(OrderTransitionRefused):
                line_cancellation.cancel_line(heads[number % len(heads)], at=self.now, why="x")

    def line_states(self, lines: Iterable[OrderLine]) -> list[str]:
        """Leave out exchanged lines, which stay in their order."""
        return ["confirmed" if line.exchanged_at else line.details["state"] for line in lines if not line.exchanged_at]

    def check_invariants(self, test: TestCase) -> None:
        super().check_invariants(test)
        for line in OrderLine.objects.exclude(exchanged_from=None).select_related("exchanged_from", "order"):
            self.check_exchange(test, line, line.exchanged_from)  # type: ignore[arg-type]

    def check_order(self, test: TestCase, order: Order) -> None:
        """Money is kept only for a line that is not canceled, or by the terms of a canceled line."""
        super().check_order(test, order)
        if order.state == Order.State.PAID:
            price = balances.price_at(order, order.paid_at or self.now)
            test.assertLessEqual(order.amount_charged, price.total + sum(line.retained for line in order.lines.all()))

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
        """The amount carried over to the new line was paid for the old one."""
        price = balances.price_at(old.order, old.order.paid_at or self.now)
        cost = sum(part.amount for part in price.adjustments if part.key == old.pk and part.step != "credit")
        carried = PriceFacts.from_json(line.price_facts or {}).exchange_credit
        test.assertGreaterEqual(cost + PriceFacts.from_json(old.price_facts or {}).exchange_credit, carried)
