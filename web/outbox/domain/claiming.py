"""Leasing of deliveries by a conditional update, so that no two workers run the same one at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event as Signal
from threading import Thread
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.utils import timezone

from outbox import causation
from outbox.domain import delivery_results
from outbox.models import Attempt, Delivery, State

BATCH_SIZE = 100


def lease_time() -> timedelta:
    return timedelta(seconds=settings.OUTBOX_LEASE)


@dataclass
class Batch:
    """Deliveries that share one lease. Inside a `with` block, a thread keeps renewing the lease."""

    lease: str = ""
    deliveries: list[Delivery] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._finished = Signal()
        self._renewer: Thread | None = None
        if settings.OUTBOX_ENGINE != "inline" and settings.OUTBOX_LEASE:
            self._renewer = Thread(target=self._renew_until_finished, daemon=True)
            self._renewer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._finished.set()
        if self._renewer is not None:
            self._renewer.join()

    def _renew_until_finished(self) -> None:
        # This runs in its own thread, which opens a database connection only if the batch takes long enough to need it.
        try:
            while not self._finished.wait(settings.OUTBOX_LEASE / 3):
                renew(self.lease)
        finally:
            connection.close()


def renew(lease: str) -> None:
    try:
        Delivery.objects.filter(lease=lease, state=State.RUNNING).update(due_at=timezone.now() + lease_time())
    except DatabaseError:
        delivery_results.log.warning("A lease could not be renewed. It will be tried again.")


def claim(limit: int = BATCH_SIZE, ids: Sequence[int] | None = None) -> Batch:
    """Lease up to `limit` due deliveries.

    A delivery whose worker disappeared is leased alone, because it may be what killed that worker.
    """
    now = timezone.now()
    due = Delivery.objects.filter(due_at__lte=now)
    if ids is not None:
        due = due.filter(pk__in=ids)
    while due.exists():
        with transaction.atomic():
            unlocked = due.select_related("event").select_for_update(of=("self",), skip_locked=True)
            candidates = list(unlocked.order_by("due_at", "pk")[:limit])
            chosen = _choose(candidates, now)
            if chosen or not candidates:
                return _lease(chosen, now)
    return Batch()


def _choose(candidates: list[Delivery], now: datetime) -> list[Delivery]:
    # A delivery that was lost too often is parked here, so the result can be empty although there were candidates.
    eligible = []
    for delivery in candidates:
        lost = delivery.state == State.RUNNING
        if lost and delivery.tries >= settings.OUTBOX_TRIES:
            _note_loss(delivery, now)
            delivery_results.park_lost(delivery, now)
        else:
            eligible.append(delivery)
    if eligible and eligible[0].state == State.RUNNING:
        _note_loss(eligible[0], now)
        return eligible[:1]
    return [delivery for delivery in eligible if delivery.state == State.WAITING]


def _lease(chosen: list[Delivery], now: datetime) -> Batch:
    if not chosen:
        return Batch()
    batch = Batch(causation.new_id(), chosen)
    lease_end = now + lease_time()
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in chosen]).update(
        state=State.RUNNING, lease=batch.lease, due_at=lease_end, started_at=now, tries=F("tries") + 1
    )
    for delivery in chosen:
        delivery.state, delivery.lease, delivery.due_at = State.RUNNING, batch.lease, lease_end
        delivery.started_at, delivery.tries = now, delivery.tries + 1
    return batch


def _note_loss(delivery: Delivery, now: datetime) -> None:
    Attempt.objects.create(
        delivery=delivery,
        started_at=delivery.started_at or now,
        ended_at=min(delivery.due_at or now, now),
        outcome=Attempt.Outcome.LOST,
    )
