"""A delivery's whole life in any order of deeds, mishaps and waits."""

from collections import Counter
from datetime import timedelta

from django.test import modify_settings, override_settings
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from history.models import Entry
from outbox.domain import office_actions
from outbox.domain.claiming import LeasedBatch, claim_deliveries
from outbox.domain.delivering import deliver_batch
from outbox.models import OPEN, Delivery, DeliveryState
from outbox.testing import run_all
from tests.outbox.base import knock, mapped

DEEDS = ["tell", "claim", "deliver the oldest", "deliver the newest", "leases end", "pauses end", "retry", "set aside"]


class Life:
    """Workers claim, work, are late or vanish; the office retries and sets aside."""

    def __init__(self) -> None:
        self.told = 0
        self.held: list[LeasedBatch] = []

    def do(self, deed: str) -> None:
        getattr(self, deed.replace(" ", "_"))()

    def tell(self) -> None:
        self.told += 1
        knock(str(self.told))

    def claim(self) -> None:
        self.held.append(claim_deliveries(2))

    def deliver_the_oldest(self) -> None:
        if self.held:
            deliver_batch(self.held.pop(0))

    def deliver_the_newest(self) -> None:
        if self.held:
            deliver_batch(self.held.pop(), together=1)

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
class LifeTest(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.sampled_from(DEEDS), max_size=25))
    def test_nothing_is_lost_and_no_effect_happens_twice(self, deeds: list[str]) -> None:
        life = Life()
        with mapped("write_down", "refuse", "later_please"):
            for deed in deeds:
                life.do(deed)
                self.check(life)
            life.leases_end()
            run_all(retries=True)
        self.check(life)
        self.assertFalse(Delivery.objects.filter(state__in=OPEN).exists())

    def check(self, life: Life) -> None:
        deliveries = list(Delivery.objects.select_related("event"))
        self.assertEqual(len(deliveries), 3 * life.told)
        effects = Counter(Entry.objects.filter(action="door.written_down").values_list("subject_id", flat=True))
        self.assertFalse(Entry.objects.filter(action="door.refused").exists())
        for one in deliveries:
            self.assertEqual(one.due_at is None, one.state not in OPEN)
            self.assertEqual(bool(one.lease), one.state == DeliveryState.RUNNING)
            if one.receiver.endswith("write_down"):
                self.assertEqual(effects[str(one.event_id)], int(one.state == DeliveryState.DONE))
            else:
                self.assertNotEqual(one.state, DeliveryState.DONE)
