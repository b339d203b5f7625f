"""Taking deliveries: a conditional update leases them, so that no two workers run one at a time."""

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

CLAIM = 100


def lease_time() -> timedelta:
    return timedelta(seconds=settings.OUTBOX_LEASE)


@dataclass
class Batch:
    """Deliveries held under one lease. As a context it renews the lease until it is left."""

    lease: str = ""
    deliveries: list[Delivery] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._over = Signal()
        self._keeper: Thread | None = None
        if settings.OUTBOX_ENGINE != "inline" and settings.OUTBOX_LEASE:
            self._keeper = Thread(target=self._keep, daemon=True)
            self._keeper.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        if self._keeper is not None:
            self._keeper.join()

    def _keep(self) -> None:
        """In a thread; its connection is opened only when a batch takes long enough to need it."""
        try:
            while not self._over.wait(settings.OUTBOX_LEASE / 3):
                renew(self.lease)
        finally:
            connection.close()


def renew(lease: str) -> None:
    try:
        Delivery.objects.filter(lease=lease, state=State.RUNNING).update(due_at=timezone.now() + lease_time())
    except DatabaseError:
        delivery_results.log.warning("A lease could not be renewed now; it is tried again.")


def claim(limit: int = CLAIM, ids: Sequence[int] | None = None) -> Batch:
    """Take up to `limit` due deliveries. One whose worker disappeared is taken alone: it may be what killed it."""
    now = timezone.now()
    due = Delivery.objects.filter(due_at__lte=now)
    if ids is not None:
        due = due.filter(pk__in=ids)
    while due.exists():
        with transaction.atomic():
            found = due.select_related("event").select_for_update(of=("self",), skip_locked=True)
            taken = list(found.order_by("due_at", "pk")[:limit])
            chosen = _choose(taken, now)
            if chosen or not taken:
                return _lease(chosen, now)
    return Batch()


def _choose(found: list[Delivery], now: datetime) -> list[Delivery]:
    """Fresh ones together, a lost one alone. One that was lost too often is parked; then there may be nothing left."""
    rest = []
    for delivery in found:
        lost = delivery.state == State.RUNNING
        if lost and delivery.tries >= settings.OUTBOX_TRIES:
            _note_loss(delivery, now)
            delivery_results.park_lost(delivery, now)
        else:
            rest.append(delivery)
    if rest and rest[0].state == State.RUNNING:
        _note_loss(rest[0], now)
        return rest[:1]
    return [delivery for delivery in rest if delivery.state == State.WAITING]


def _lease(chosen: list[Delivery], now: datetime) -> Batch:
    if not chosen:
        return Batch()
    batch = Batch(causation.new_id(), chosen)
    ends = now + lease_time()
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in chosen]).update(
        state=State.RUNNING, lease=batch.lease, due_at=ends, started_at=now, tries=F("tries") + 1
    )
    for delivery in chosen:
        delivery.state, delivery.lease, delivery.due_at = State.RUNNING, batch.lease, ends
        delivery.started_at, delivery.tries = now, delivery.tries + 1
    return batch


def _note_loss(delivery: Delivery, now: datetime) -> None:
    Attempt.objects.create(
        delivery=delivery,
        started_at=delivery.started_at or now,
        ended_at=min(delivery.due_at or now, now),
        outcome=Attempt.Outcome.LOST,
    )
