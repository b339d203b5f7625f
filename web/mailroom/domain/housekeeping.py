"""Closing of abandoned messages, and deletion of old messages and of those about deleted records."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from mailroom.domain import transitions
from mailroom.models import OPEN, Message

BATCH_SIZE = 500


def close_abandoned_sendings() -> int:
    return transitions.mark_abandoned_possibly_sent(timezone.now() - timedelta(seconds=settings.MAIL_LEASE))


def delete_old_messages() -> int:
    oldest_kept = timezone.now() - timedelta(days=settings.MAIL_KEEP_DAYS)
    total = 0
    ended = Message.objects.exclude(state__in=OPEN).filter(changed_at__lt=oldest_kept)
    while ids := list(ended.values_list("pk", flat=True)[:BATCH_SIZE]):
        total += Message.objects.filter(pk__in=ids).delete()[0]
    return total


def delete_messages_about(about_type: str, ids: Iterable[Any]) -> None:
    """Call this if the erased records of a person may be quoted in mail to others, such as the office."""
    Message.objects.filter(about_type=about_type, about_id__in=[str(pk) for pk in ids]).delete()
