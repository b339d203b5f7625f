"""Finding deliveries that are due and that no message to Celery speaks of."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from outbox.models import Delivery

GRACE = timedelta(seconds=5)
AGAIN = timedelta(minutes=1)
MOST = 5000


def overdue(size: int) -> Iterator[list[int]]:
    """Ids in batches, each written down as sent when the next is asked for; one whose sending raises is not."""
    now = timezone.now()
    forgotten = Delivery.objects.filter(Q(sent_at=None) | Q(sent_at__lt=now - AGAIN), due_at__lt=now - GRACE)
    ids = list(forgotten.order_by("due_at").values_list("pk", flat=True)[:MOST])
    for start in range(0, len(ids), size):
        batch = ids[start : start + size]
        yield batch
        Delivery.objects.filter(pk__in=batch).update(sent_at=now)
