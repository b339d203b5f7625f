"""After any sequence of actions, every spot has a reason and no class is overfull."""

from django.test import tag
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from outbox.testing import run_all
from tests import factories
from tests.registrations.spot_simulation import STEPS, SpotSimulation

STEP = st.tuples(st.sampled_from(STEPS), st.integers(0, 5))


@tag("once", "long")
class RegistrationPropertyTest(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.gus, cls.sue = (
            factories.create_account("gus@example.org", "Gus"),
            factories.create_account("sue@example.org", "Sue"),
        )
        factories.create_child(cls.gus, "Kit")
        session = factories.create_session("Open")
        factories.create_class_offer(session, factories.create_subject(), capacity=1)
        factories.create_class_offer(
            session, factories.create_subject(version="B"), class_day=2, capacity=2, pay_at_door=False
        )
        factories.create_class_offer(session, factories.create_subject(version="C"), class_day=3)

    @settings(max_examples=30, deadline=None)
    @given(st.lists(STEP, min_size=3, max_size=12), st.booleans())
    def test_no_sequence_overfills_a_class_or_leaves_a_spot_without_a_reason(
        self, steps: list[tuple[str, int]], logged_in: bool
    ) -> None:
        simulation = SpotSimulation(self.gus if logged_in else None, self.sue)
        for step, number in steps:
            getattr(simulation, step)(number)
            simulation.check_invariants(self)
        run_all()
        simulation.check_invariants(self)
