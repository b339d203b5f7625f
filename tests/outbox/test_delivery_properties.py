"""Deliveries in any order of claims, failures, expired leases, retries and dismissals."""

from collections import Counter
from datetime import timedelta

from django.test import modify_settings, override_settings
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from history.models import Entry
from outbox.domain import office_actions
from outbox.domain.claims import LeasedBatch, claim_deliveries
from outbox.domain.deliveries import deliver_batch
from outbox.models import OPEN, Delivery, DeliveryState
from outbox.testing import run_all
from tests.outbox.base import knock, mapped

STEPS = ["tell", "claim", "deliver the oldest", "deliver the newest", "leases end", "pauses end", "retry", "set aside"]


class DeliverySimulation:
    """Workers claim deliveries, run them late or disappear, and the office retries and dismisses deliveries."""

    def __init__(self) -> None:
        self.emitted_count = 0
        self.held_batches: list[LeasedBatch] = []

    def perform(self, step: str) -> None:
        getattr(self, step.replace(" ", "_"))()

    def tell(self) -> None:
        self.emitted_count += 1
        knock(str(self.emitted_count))

    def claim(self) -> None:
        self.held_batches.append(claim_deliveries(2))

    def deliver_the_oldest(self) -> None:
        if self.held_batches:
            deliver_batch(self.held_batches.pop(0))

    def deliver_the_newest(self) -> None:
        if self.held_batches:
            deliver_batch(self.held_batches.pop(), together=1)

    def leases_end(self) -> None:
        Delivery.objects.filter(state=DeliveryState.RUNNING).update(due_at=timezone.now() - timedelta(seconds=1))

    def pauses_end(self) -> None:
        Delivery.objects.filter(state=DeliveryState.WAITING).update(due_at=timezone.now() - timedelta(seconds=1))

    def retry(self) -> None:
        if parked := Delivery.objects.filter(state__in=[DeliveryState.PARKED, DeliveryState.DISMISSED]).first():
            office_actions.retry_delivery(parked.pk, None, "again")

    def set_aside(self) -> None:
        if waiting := Delivery.objects.filter(state__in=[DeliveryState.PARKED, DeliveryState.WAITING]).first():
            office_actions.dismiss_delivery(waiting.pk, None, "no more")


@modify_settings(INSTALLED_APPS={"append": "tests.outbox.plugin"})
@override_settings(OUTBOX_TRIES=3)
class DeliveryLifeTest(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.sampled_from(STEPS), max_size=25))
    def test_no_delivery_is_lost_and_no_effect_happens_twice(self, steps: list[str]) -> None:
        simulation = DeliverySimulation()
        with mapped("write_down", "refuse", "later_please"):
            for step in steps:
                simulation.perform(step)
                self.check(simulation)
            simulation.leases_end()
            run_all(retries=True)
        self.check(simulation)
        self.assertFalse(Delivery.objects.filter(state__in=OPEN).exists())

    def check(self, simulation: DeliverySimulation) -> None:
        deliveries = list(Delivery.objects.select_related("event"))
        self.assertEqual(len(deliveries), 3 * simulation.emitted_count)
        effects = Counter(Entry.objects.filter(action="door.written_down").values_list("subject_id", flat=True))
        self.assertFalse(Entry.objects.filter(action="door.refused").exists())
        for delivery in deliveries:
            self.assertEqual(delivery.due_at is None, delivery.state not in OPEN)
            self.assertEqual(bool(delivery.lease), delivery.state == DeliveryState.RUNNING)
            if delivery.receiver.endswith("write_down"):
                self.assertEqual(effects[str(delivery.event_id)], int(delivery.state == DeliveryState.DONE))
            else:
                self.assertNotEqual(delivery.state, DeliveryState.DONE)
