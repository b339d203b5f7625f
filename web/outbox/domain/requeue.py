"""Search for due deliveries that were never sent to Celery, or whose message was lost."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from outbox.models import Delivery

GRACE = timedelta(seconds=5)
RESEND_AFTER = timedelta(minutes=1)
MAX_DELIVERIES = 5000


def overdue_batches(size: int) -> Iterator[list[int]]:
    """Yield batches of ids. A batch is marked as sent when the next one is requested, so not if sending it raises."""
    now = timezone.now()
    unsent = Delivery.objects.filter(Q(sent_at=None) | Q(sent_at__lt=now - RESEND_AFTER), due_at__lt=now - GRACE)
    ids = list(unsent.order_by("due_at").values_list("pk", flat=True)[:MAX_DELIVERIES])
    for start in range(0, len(ids), size):
        batch = ids[start : start + size]
        yield batch
        Delivery.objects.filter(pk__in=batch).update(sent_at=now)
