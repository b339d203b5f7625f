"""Several workers share one queue: leases separate them, and on their own connections also database locks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from django.db import connection
from django.test import TransactionTestCase, modify_settings, override_settings, tag
from django.utils import timezone

from outbox.domain.claims import claim_deliveries, renew_lease
from outbox.domain.deliveries import deliver_batch
from outbox.domain.requeue import overdue_batches
from outbox.models import Attempt, Delivery, DeliveryState
from tests.outbox.base import DoorTestCase, delivery, knock, mapped
from tests.outbox.plugin.receivers import calls


def expire_leases() -> None:
    Delivery.objects.filter(state=DeliveryState.RUNNING).update(due_at=timezone.now() - timedelta(seconds=1))


class LeaseTest(DoorTestCase):
    def test_delivery_leased_by_one_worker_is_not_claimed_by_another(self) -> None:
        with mapped("ring"):
            for number in range(5):
                knock(str(number))
        first, second, third = claim_deliveries(3), claim_deliveries(3), claim_deliveries(3)
        self.assertEqual([len(batch.deliveries) for batch in (first, second, third)], [3, 2, 0])
        self.assertEqual(len({claimed.pk for batch in (first, second) for claimed in batch.deliveries}), 5)

    def test_delivery_with_a_renewed_lease_is_not_claimed_again(self) -> None:
        with mapped("ring"):
            knock()
        batch = claim_deliveries()
        expire_leases()
        renew_lease(batch.lease)
        self.assertEqual(claim_deliveries().deliveries, [])

    def test_deliveries_of_a_lost_worker_are_claimed_one_by_one_and_recorded_as_lost(self) -> None:
        with mapped("ring"):
            knock("a"), knock("b")
        claim_deliveries()
        expire_leases()
        self.assertEqual([len(claim_deliveries().deliveries) for _ in range(3)], [1, 1, 0])
        self.assertEqual(list(Attempt.objects.values_list("outcome", flat=True)), ["lost", "lost"])

    @override_settings(OUTBOX_TRIES=3)
    def test_delivery_that_kills_every_worker_is_parked(self) -> None:
        with mapped("ring"):
            knock()
        for _ in range(4):
            expire_leases()
            if not claim_deliveries().deliveries:
                break
        self.assertEqual((delivery().state, delivery().tries), (DeliveryState.PARKED, 3))
        self.assertIn("The worker disappeared each time", delivery().reason)
        self.assertEqual(Attempt.objects.filter(outcome=Attempt.Outcome.LOST).count(), 3)

    @override_settings(OUTBOX_TRIES=1)
    def test_other_deliveries_are_claimed_when_a_lost_delivery_is_parked(self) -> None:
        with mapped("ring"):
            knock("a")
            claim_deliveries()
            expire_leases()
            knock("b")
        self.assertEqual([claimed.event.key for claimed in claim_deliveries().deliveries], ["b"])

    def test_worker_that_lost_its_lease_changes_nothing(self) -> None:
        with mapped("later_please"):
            knock()
            slow = claim_deliveries()
            expire_leases()
            claim_deliveries()
            deliver_batch(slow)
        self.assertEqual((delivery().state, delivery().tries), (DeliveryState.RUNNING, 2))

    def test_claim_by_ids_takes_only_those_deliveries_that_are_due(self) -> None:
        with mapped("ring"):
            ids = [knock(str(number)).deliveries.get().pk for number in range(3)]
        Delivery.objects.filter(pk=ids[1]).update(due_at=timezone.now() + timedelta(minutes=1))
        self.assertEqual([claimed.pk for claimed in claim_deliveries(ids=ids[:2]).deliveries], [ids[0]])

    def test_overdue_deliveries_are_sent_to_the_broker_again_after_a_minute(self) -> None:
        with mapped("ring"):
            knock("a"), knock("b"), knock("c")
        Delivery.objects.update(due_at=timezone.now())  # So the time that the setup took does not matter.
        self.assertEqual(list(overdue_batches(2)), [])
        Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=6))
        self.assertEqual([len(ids) for ids in overdue_batches(2)], [2, 1])
        self.assertEqual(list(overdue_batches(2)), [])
        Delivery.objects.update(sent_at=timezone.now() - timedelta(seconds=61))
        self.assertEqual([len(ids) for ids in overdue_batches(2)], [2, 1])

    def test_batch_that_the_broker_did_not_accept_is_not_marked_as_sent(self) -> None:
        with mapped("ring"):
            knock("a"), knock("b")
        Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=6))
        batches = overdue_batches(1)
        next(batches)
        batches.close()
        self.assertEqual(Delivery.objects.filter(sent_at=None).count(), 2)


WORKERS = 4


def race(claim: Callable[[Barrier], list[int]]) -> list[int]:
    """Return the ids that four workers claim at the same time, each on its own connection."""
    barrier = Barrier(WORKERS)

    def work(_: int) -> list[int]:
        try:
            return claim(barrier)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return [pk for taken in pool.map(work, range(WORKERS)) for pk in taken]


def claim_with_leases(barrier: Barrier) -> list[int]:
    barrier.wait()
    taken: list[int] = []
    while batch := claim_deliveries(3).deliveries:
        taken += [claimed.pk for claimed in batch]
    return taken


def take_without_lease(barrier: Barrier) -> list[int]:
    """Read the due deliveries first and mark them as running afterwards, which is the mistake that leases prevent."""
    due_ids = list(Delivery.objects.filter(due_at__lte=timezone.now()).values_list("pk", flat=True))
    barrier.wait()
    Delivery.objects.filter(pk__in=due_ids).update(state=DeliveryState.RUNNING)
    return due_ids


@tag("postgres")
@override_settings(OUTBOX_ENGINE="worker")
@modify_settings(INSTALLED_APPS={"append": "tests.outbox.plugin"})
class RaceTest(TransactionTestCase):
    def setUp(self) -> None:
        calls.clear()
        with mapped("ring"):
            for number in range(40):
                knock(str(number))

    def test_workers_that_claim_at_the_same_time_take_each_delivery_once(self) -> None:
        taken = race(claim_with_leases)
        self.assertEqual(sorted(taken), sorted(Delivery.objects.values_list("pk", flat=True)))

    def test_workers_without_leases_take_each_delivery_several_times(self) -> None:
        self.assertEqual(len(race(take_without_lease)), 40 * WORKERS)
