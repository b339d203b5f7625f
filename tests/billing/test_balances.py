"""The ledger, the orders and account credit stay consistent over any sequence of placing, paying, expiring, canceling
and refunding orders."""

from django.test import override_settings, tag
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from outbox.testing import run_all
from tests.billing.order_simulation import STEPS, OrderSimulation
from tests.billing.toys import with_toys

STEP = st.tuples(st.sampled_from(STEPS), st.integers(0, 5))


@with_toys
@tag("once", "long")
class LedgerPropertiesTest(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(st.lists(STEP, min_size=3, max_size=14), st.sampled_from(["refund", "credit"]), st.booleans())
    def test_ledger_orders_and_credit_agree_after_any_sequence_of_actions(
        self, steps: list[tuple[str, int]], late: str, logged_in: bool
    ) -> None:
        simulation = OrderSimulation(logged_in)
        with override_settings(LATE_PAYMENT=late):
            for step, number in steps:
                getattr(simulation, step)(number)
                simulation.check_invariants(self)
            run_all()
            simulation.check_invariants(self)
