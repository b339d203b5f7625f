"""What is done from time to time so that no message is forgotten, and none is kept for ever."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mailroom.domain import transitions
from mailroom.domain.drafting import announce
from mailroom.models import OPEN, Message, State
from outbox.models import OPEN as UNDER_WAY
from outbox.models import Delivery

FORGOTTEN = timedelta(hours=1)
AT_ONCE = 500


def settle() -> int:
    """Messages whose sender disappeared half-way are perhaps sent; a person decides about them."""
    return transitions.give_up(timezone.now() - timedelta(seconds=settings.MAIL_LEASE))


def remind() -> int:
    """Queued messages that no delivery speaks of any more, such as after a mail server was away for a day."""
    now = timezone.now()
    old = Message.objects.filter(state=State.QUEUED, changed_at__lt=now - FORGOTTEN)
    waiting = {str(pk): pk for pk in old.order_by("changed_at").values_list("pk", flat=True)[:AT_ONCE]}
    spoken_of = Delivery.objects.filter(
        state__in=UNDER_WAY, event__subject_type="message", event__subject_id__in=list(waiting)
    )
    for found in spoken_of.values_list("event__subject_id", flat=True):
        waiting.pop(found, None)
    for pk in waiting.values():
        with transaction.atomic():
            message = Message.objects.select_for_update().get(pk=pk)
            if message.state == State.QUEUED:
                message.rounds, message.changed_at = message.rounds + 1, now
                message.save(update_fields=["rounds", "changed_at"])
                announce(message)
    return len(waiting)


def forget_old() -> int:
    """What became of old messages is forgotten; returns how many."""
    old = timezone.now() - timedelta(days=settings.MAIL_KEEP_DAYS)
    total = 0
    ended = Message.objects.exclude(state__in=OPEN).filter(changed_at__lt=old)
    while ids := list(ended.values_list("pk", flat=True)[:AT_ONCE]):
        total += Message.objects.filter(pk__in=ids).delete()[0]
    return total
