"""How a delivery ends. Every update is conditional on the lease, so a worker that lost it changes nothing."""

import logging
import random
import re
import traceback
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from common.errors import NeedsPerson, PermanentFailure, WorkFailure
from outbox.models import Attempt, Delivery, DeliveryState

log = logging.getLogger("outbox")

FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(hours=6)
TRACEBACK_FRAMES = 6


def mark_done(deliveries: Sequence[Delivery]) -> int:
    """Mark the deliveries that are still leased by this batch as done, and return how many there were."""
    keys = [delivery.pk for delivery in deliveries]
    selection = {"pk": keys[0]} if len(keys) == 1 else {"pk__in": keys}
    leased = Delivery.objects.filter(lease=deliveries[0].lease, **selection)
    return leased.update(state=DeliveryState.DONE, due_at=None, lease="", ended_at=timezone.now(), error="")


def release_unstarted(lease: str) -> int:
    """Return the deliveries that were leased but not started to the queue, without counting a try."""
    return Delivery.objects.filter(lease=lease, state=DeliveryState.RUNNING).update(
        state=DeliveryState.WAITING, lease="", due_at=timezone.now(), tries=F("tries") - 1
    )


def record_failure(delivery: Delivery, error: BaseException) -> None:
    text = describe_error(error)
    log.warning("Delivery %s to %s failed: %s", delivery.pk, delivery.receiver, text.partition("\n")[0])
    if isinstance(error, PermanentFailure | NeedsPerson):
        reason = scrub_text(str(error)) or "The receiver reported that a retry would not help."
    elif delivery.tries >= settings.OUTBOX_TRIES:
        reason = f"Tried {delivery.tries} times without success."
    else:
        _end_attempt(
            delivery, text, due_at=timezone.now() + retry_delay(delivery.tries, getattr(error, "retry_after", None))
        )
        return
    _end_attempt(delivery, text, reason=reason)


def park_delivery(delivery: Delivery, reason: str) -> None:
    log.warning("Delivery %s to %s needs a person: %s", delivery.pk, delivery.receiver, reason)
    _end_attempt(delivery, "", reason=reason)


def park_lost_delivery(delivery: Delivery, now: datetime) -> None:
    # This runs in the transaction that claims deliveries, where nobody holds a lease on this one.
    Delivery.objects.filter(pk=delivery.pk).update(
        state=DeliveryState.PARKED,
        due_at=None,
        lease="",
        ended_at=now,
        reason=f"The worker disappeared each time it ran this, {delivery.tries} times so far.",
    )


def _end_attempt(delivery: Delivery, text: str, *, due_at: datetime | None = None, reason: str = "") -> None:
    now = timezone.now()
    state = DeliveryState.WAITING if due_at else DeliveryState.PARKED
    with transaction.atomic():
        leased = Delivery.objects.filter(pk=delivery.pk, lease=delivery.lease, state=DeliveryState.RUNNING)
        if not leased.update(state=state, due_at=due_at, lease="", ended_at=now, error=text, reason=reason):
            return
        Attempt.objects.create(
            delivery=delivery,
            started_at=delivery.started_at or now,
            ended_at=now,
            outcome=Attempt.Outcome.RETRY if due_at else Attempt.Outcome.PARKED,
            error=text or reason,
        )


def retry_delay(tries: int, retry_after: timedelta | None = None) -> timedelta:
    """The delay starts at ten seconds and grows fourfold with each try, up to six hours.

    It varies by a quarter, so that deliveries that failed together are not all retried at once.
    """
    base = min(FIRST_DELAY * 4 ** (tries - 1), LONGEST_DELAY)
    varied: timedelta = base * random.uniform(0.75, 1.25)  # noqa: S311
    return max(varied, retry_after or timedelta())


def describe_error(error: BaseException) -> str:
    """Only the text of our own exceptions is kept, because that of others may contain personal data."""
    sentence = scrub_text(str(error)) if isinstance(error, WorkFailure) else ""
    lines = [f"{type(error).__name__}{': ' if sentence else ''}{sentence}"]
    frames = traceback.extract_tb(error.__traceback__)[-TRACEBACK_FRAMES:]
    for frame in frames:
        # The last two parts of the path are enough to find the file, and they reveal nothing about the machine.
        location = "/".join(frame.filename.replace("\\", "/").split("/")[-2:])
        lines.append(f"  {location}:{frame.lineno} {frame.name}")
    return "\n".join(lines)


def scrub_text(sentence: str) -> str:
    # Our own messages should contain no addresses or numbers, but this makes sure of it.
    sentence = re.sub(r"\S+@\S+", "[address]", sentence)
    return re.sub(r"\+?\d[\d\s()/-]{6,}\d", "[number]", sentence)[:500]
