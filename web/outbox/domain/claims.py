"""Leasing of deliveries by a conditional update, so that no two workers run the same one at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from outbox import causation
from outbox.domain import delivery_results
from outbox.domain.leases import lease_time
from outbox.models import Attempt, Delivery, DeliveryState

BATCH_SIZE = 100


@dataclass
class LeasedBatch:
    """Deliveries that share one lease."""

    lease: str = ""
    deliveries: list[Delivery] = field(default_factory=list)


def renew_lease(lease: str) -> None:
    Delivery.objects.filter(lease=lease, state=DeliveryState.RUNNING).update(due_at=timezone.now() + lease_time())


def claim_deliveries(limit: int = BATCH_SIZE, ids: Sequence[int] | None = None) -> LeasedBatch:
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
            chosen = _choose_deliveries(candidates, now)
            if chosen or not candidates:
                return _lease_deliveries(chosen, now)
    return LeasedBatch()


def _choose_deliveries(candidates: list[Delivery], now: datetime) -> list[Delivery]:
    # A delivery that was lost too often is parked here, so the result can be empty although there were candidates.
    eligible = []
    for delivery in candidates:
        lost = delivery.state == DeliveryState.RUNNING
        if lost and delivery.tries >= settings.OUTBOX_TRIES:
            _record_lost_attempt(delivery, now)
            delivery_results.park_lost_delivery(delivery, now)
        else:
            eligible.append(delivery)
    if eligible and eligible[0].state == DeliveryState.RUNNING:
        _record_lost_attempt(eligible[0], now)
        return eligible[:1]
    return [delivery for delivery in eligible if delivery.state == DeliveryState.WAITING]


def _lease_deliveries(chosen: list[Delivery], now: datetime) -> LeasedBatch:
    if not chosen:
        return LeasedBatch()
    batch = LeasedBatch(causation.new_id(), chosen)
    lease_end = now + lease_time()
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in chosen]).update(
        state=DeliveryState.RUNNING, lease=batch.lease, due_at=lease_end, started_at=now, tries=F("tries") + 1
    )
    for delivery in chosen:
        delivery.state, delivery.lease, delivery.due_at = DeliveryState.RUNNING, batch.lease, lease_end
        delivery.started_at, delivery.tries = now, delivery.tries + 1
    return batch


def _record_lost_attempt(delivery: Delivery, now: datetime) -> None:
    Attempt.objects.create(
        delivery=delivery,
        started_at=delivery.started_at or now,
        ended_at=min(delivery.due_at or now, now),
        outcome=Attempt.Outcome.LOST,
    )
