"""Two workers at one queue: on one connection by their leases, on two by the database's locks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from django.db import connection
from django.test import TransactionTestCase, modify_settings, override_settings, tag
from django.utils import timezone

from outbox.domain.claiming import claim_deliveries, renew_lease
from outbox.domain.delivering import deliver_batch
from outbox.domain.requeue import overdue_batches
from outbox.models import Attempt, Delivery, DeliveryState
from tests.outbox.base import DoorTestCase, delivery, knock, mapped
from tests.outbox.plugin.receivers import calls


def lease_ends() -> None:
    Delivery.objects.filter(state=DeliveryState.RUNNING).update(due_at=timezone.now() - timedelta(seconds=1))


class LeaseTest(DoorTestCase):
    def test_what_one_worker_holds_no_other_takes(self) -> None:
        with mapped("ring"):
            for number in range(5):
                knock(str(number))
        first, second, third = claim_deliveries(3), claim_deliveries(3), claim_deliveries(3)
        self.assertEqual([len(batch.deliveries) for batch in (first, second, third)], [3, 2, 0])
        self.assertEqual(len({one.pk for batch in (first, second) for one in batch.deliveries}), 5)

    def test_a_renewed_lease_holds_longer(self) -> None:
        with mapped("ring"):
            knock()
        batch = claim_deliveries()
        lease_ends()
        renew_lease(batch.lease)
        self.assertEqual(claim_deliveries().deliveries, [])

    def test_what_a_lost_worker_held_is_taken_one_by_one_and_the_loss_is_told(self) -> None:
        with mapped("ring"):
            knock("a"), knock("b")
        claim_deliveries()
        lease_ends()
        self.assertEqual([len(claim_deliveries().deliveries) for _ in range(3)], [1, 1, 0])
        self.assertEqual(list(Attempt.objects.values_list("outcome", flat=True)), ["lost", "lost"])

    @override_settings(OUTBOX_TRIES=3)
    def test_what_kills_every_worker_is_parked(self) -> None:
        with mapped("ring"):
            knock()
        for _ in range(4):
            lease_ends()
            if not claim_deliveries().deliveries:
                break
        self.assertEqual((delivery().state, delivery().tries), (DeliveryState.PARKED, 3))
        self.assertIn("The worker disappeared each time", delivery().reason)
        self.assertEqual(Attempt.objects.filter(outcome=Attempt.Outcome.LOST).count(), 3)

    @override_settings(OUTBOX_TRIES=1)
    def test_what_is_parked_does_not_end_the_claim_before_the_others(self) -> None:
        with mapped("ring"):
            knock("a")
            claim_deliveries()
            lease_ends()
            knock("b")
        self.assertEqual([one.event.key for one in claim_deliveries().deliveries], ["b"])

    def test_a_worker_that_lost_its_lease_changes_nothing(self) -> None:
        with mapped("later_please"):
            knock()
            slow = claim_deliveries()
            lease_ends()
            claim_deliveries()
            deliver_batch(slow)
        self.assertEqual((delivery().state, delivery().tries), (DeliveryState.RUNNING, 2))

    def test_a_batch_of_ids_takes_no_more_than_these_and_only_what_is_due(self) -> None:
        with mapped("ring"):
            ids = [knock(str(number)).deliveries.get().pk for number in range(3)]
        Delivery.objects.filter(pk=ids[1]).update(due_at=timezone.now() + timedelta(minutes=1))
        self.assertEqual([one.pk for one in claim_deliveries(ids=ids[:2]).deliveries], [ids[0]])

    def test_the_sweep_finds_what_was_due_for_a_while_and_sends_it_once_a_minute(self) -> None:
        with mapped("ring"):
            knock("a"), knock("b"), knock("c")
        Delivery.objects.update(due_at=timezone.now())  # however long the knocking took
        self.assertEqual(list(overdue_batches(2)), [])
        Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=6))
        self.assertEqual([len(ids) for ids in overdue_batches(2)], [2, 1])
        self.assertEqual(list(overdue_batches(2)), [])
        Delivery.objects.update(sent_at=timezone.now() - timedelta(seconds=61))
        self.assertEqual([len(ids) for ids in overdue_batches(2)], [2, 1])

    def test_what_the_broker_did_not_take_is_not_called_sent(self) -> None:
        with mapped("ring"):
            knock("a"), knock("b")
        Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=6))
        batches = overdue_batches(1)
        next(batches)
        batches.close()
        self.assertEqual(Delivery.objects.filter(sent_at=None).count(), 2)


WORKERS = 4


def race(take: Callable[[Barrier], list[int]]) -> list[int]:
    """What four workers on connections of their own take when they reach for the queue at the same time."""
    barrier = Barrier(WORKERS)

    def work(_: int) -> list[int]:
        try:
            return take(barrier)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return [pk for taken in pool.map(work, range(WORKERS)) for pk in taken]


def by_lease(barrier: Barrier) -> list[int]:
    barrier.wait()
    taken: list[int] = []
    while batch := claim_deliveries(3).deliveries:
        taken += [one.pk for one in batch]
    return taken


def by_looking(barrier: Barrier) -> list[int]:
    """The control: read what is due, then say that it is ours."""
    found = list(Delivery.objects.filter(due_at__lte=timezone.now()).values_list("pk", flat=True))
    barrier.wait()
    Delivery.objects.filter(pk__in=found).update(state=DeliveryState.RUNNING)
    return found


@tag("postgres")
@override_settings(OUTBOX_ENGINE="worker")
@modify_settings(INSTALLED_APPS={"append": "tests.outbox.plugin"})
class RaceTest(TransactionTestCase):
    def setUp(self) -> None:
        calls.clear()
        with mapped("ring"):
            for number in range(40):
                knock(str(number))

    def test_workers_that_reach_at_the_same_time_take_each_delivery_once(self) -> None:
        taken = race(by_lease)
        self.assertEqual(sorted(taken), sorted(Delivery.objects.values_list("pk", flat=True)))

    def test_without_the_lease_they_take_it_several_times(self) -> None:
        self.assertEqual(len(race(by_looking)), 40 * WORKERS)
