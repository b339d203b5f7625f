"""Deletion of old events."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from outbox.models import OPEN, Delivery, DeliveryState, Event

BATCH_SIZE = 500


def delete_finished_events() -> int:
    """Delete old events without open or parked deliveries, in small batches, and return how many were deleted."""
    oldest_kept = timezone.now() - timedelta(days=settings.OUTBOX_KEEP_DAYS)
    unfinished = Delivery.objects.filter(event=OuterRef("pk"), state__in=[*OPEN, DeliveryState.PARKED])
    total = 0
    while ids := list(
        Event.objects.filter(~Exists(unfinished), at__lt=oldest_kept).values_list("pk", flat=True)[:BATCH_SIZE]
    ):
        Event.objects.filter(pk__in=ids).delete()
        total += len(ids)
    return total
