"""Periodic jobs that resend forgotten messages, close abandoned ones and delete old ones."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mailroom.domain import transitions
from mailroom.domain.drafts import emit_queued
from mailroom.models import OPEN, Message, MessageState
from outbox.models import OPEN as OPEN_DELIVERY_STATES
from outbox.models import Delivery

FORGOTTEN_AFTER = timedelta(hours=1)
BATCH_SIZE = 500


def close_abandoned_sendings() -> int:
    return transitions.mark_abandoned_possibly_sent(timezone.now() - timedelta(seconds=settings.MAIL_LEASE))


def requeue_forgotten_messages() -> int:
    # A queued message can have no open delivery left, such as after the mail server was down for a day.
    now = timezone.now()
    queued = Message.objects.filter(state=MessageState.QUEUED, changed_at__lt=now - FORGOTTEN_AFTER)
    waiting = {str(pk): pk for pk in queued.order_by("changed_at").values_list("pk", flat=True)[:BATCH_SIZE]}
    open_deliveries = Delivery.objects.filter(
        state__in=OPEN_DELIVERY_STATES, event__subject_type="message", event__subject_id__in=list(waiting)
    )
    for subject_id in open_deliveries.values_list("event__subject_id", flat=True):
        waiting.pop(subject_id, None)
    for pk in waiting.values():
        with transaction.atomic():
            message = Message.objects.select_for_update().get(pk=pk)
            if message.state == MessageState.QUEUED:
                message.rounds, message.changed_at = message.rounds + 1, now
                message.save(update_fields=["rounds", "changed_at"])
                emit_queued(message)
    return len(waiting)


def delete_old_messages() -> int:
    oldest_kept = timezone.now() - timedelta(days=settings.MAIL_KEEP_DAYS)
    total = 0
    ended = Message.objects.exclude(state__in=OPEN).filter(changed_at__lt=oldest_kept)
    while ids := list(ended.values_list("pk", flat=True)[:BATCH_SIZE]):
        total += Message.objects.filter(pk__in=ids).delete()[0]
    return total
