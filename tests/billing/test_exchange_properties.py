"""After any purchases, exchanges, cancellations, refunds and disputes: refunded + kept = paid in each chain."""

from contextlib import suppress
from decimal import Decimal

from django.test import override_settings, tag
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.domain.cancellations import line_cancellation
from billing.errors import OrderTransitionRefused
from billing.models import Order, OrderLine
from outbox.testing import run_all
from tests.billing.exchange_simulation import STEPS, ExchangeSimulation
from tests.billing.toys import with_toys

STEP = st.tuples(st.sampled_from(STEPS), st.integers(0, 5))


@with_toys
@tag("once", "long")
class ExchangeLawTest(TestCase):
    @settings(max_examples=30, deadline=None, phases=[Phase.generate])
    @given(st.lists(STEP, min_size=6, max_size=18), st.booleans(), st.booleans())
    def test_no_sequence_loses_money_or_refunds_it_twice(
        self, steps: list[tuple[str, int]], logged_in: bool, as_credit: bool
    ) -> None:
        simulation = ExchangeSimulation(logged_in)
        with override_settings(EXCHANGE_SURPLUS="credit" if as_credit else "terms"):
            for step, number in [("place_order", 0), ("pay_order", 0), *steps]:
                getattr(simulation, step)(number)
                simulation.check_invariants(self)
            run_all()
            simulation.check_invariants(self)
        self.cancel_all_lines(simulation)

    def cancel_all_lines(self, simulation: ExchangeSimulation) -> None:
        """After every line is canceled, no order keeps more than its terms allow."""
        for line in OrderLine.objects.filter(order__state="paid", canceled_at=None).order_by("-pk"):
            with suppress(OrderTransitionRefused):
                line_cancellation.cancel_line(line, at=simulation.now, why="x", percent_back=Decimal(100))
        simulation.check_invariants(self)
        for order in Order.objects.filter(state="paid"):
            if not order.lines.filter(canceled_at=None).exists():
                self.assertLessEqual(order.amount_charged, sum(line.retained for line in order.lines.all()))
