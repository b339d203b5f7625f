"""Helpers for tests of code that emits events."""

from datetime import timedelta

from django.utils import timezone

from outbox.domain.claims import claim_deliveries
from outbox.domain.deliveries import deliver_batch
from outbox.models import Delivery, DeliveryState
from outbox.work_queues import process_queues


def run_all(*, retries: bool = False) -> int:
    """Do all work that is due, including what it causes. With `retries`, failed deliveries are retried now."""
    total = 0
    while True:
        if retries:
            Delivery.objects.filter(state=DeliveryState.WAITING).update(due_at=timezone.now() - timedelta(seconds=1))
        ended = deliver_batch(claim_deliveries(), together=1) + process_queues()
        total += ended
        if not ended:
            return total


def delivery_problems() -> list[str]:
    failed = Delivery.objects.exclude(error="", reason="")
    return [f"{delivery.receiver}: {delivery.error or delivery.reason}" for delivery in failed]
