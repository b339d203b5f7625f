"""What becomes of a delivery. Each change holds only while the lease does: whoever lost it changes nothing."""

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

from common.errors import NeedsPerson, Permanent, Temporary, Trouble
from outbox.models import Attempt, Delivery, State

log = logging.getLogger("outbox")

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=6)
FRAMES = 6


def done(deliveries: Sequence[Delivery]) -> int:
    """Mark what is still held (a lease is of one batch and goes when a delivery ends); how many that were."""
    keys = [delivery.pk for delivery in deliveries]
    which = {"pk": keys[0]} if len(keys) == 1 else {"pk__in": keys}
    held = Delivery.objects.filter(lease=deliveries[0].lease, **which)
    return held.update(state=State.DONE, due_at=None, lease="", ended_at=timezone.now(), error="")


def hand_back(lease: str) -> int:
    """What was taken and not begun goes back as if it had not been taken."""
    return Delivery.objects.filter(lease=lease, state=State.RUNNING).update(
        state=State.WAITING, lease="", due_at=timezone.now(), tries=F("tries") - 1
    )


def failed(delivery: Delivery, error: BaseException) -> None:
    """Try again later, or park it for a person when that is pointless or was tried often enough."""
    text = describe(error)
    log.warning("Delivery %s to %s failed: %s", delivery.pk, delivery.receiver, text.partition("\n")[0])
    if isinstance(error, Permanent | NeedsPerson):
        reason = scrubbed(str(error)) or "The receiver says that trying again is pointless."
    elif delivery.tries >= settings.OUTBOX_TRIES:
        reason = f"Tried {delivery.tries} times without success."
    else:
        _end(delivery, text, due_at=timezone.now() + pause(delivery.tries, getattr(error, "retry_after", None)))
        return
    _end(delivery, text, reason=reason)


def park(delivery: Delivery, reason: str) -> None:
    log.warning("Delivery %s to %s needs a person: %s", delivery.pk, delivery.receiver, reason)
    _end(delivery, "", reason=reason)


def park_lost(delivery: Delivery, now: datetime) -> None:
    """In the transaction that claims: nobody holds a lease on it."""
    Delivery.objects.filter(pk=delivery.pk).update(
        state=State.PARKED,
        due_at=None,
        lease="",
        ended_at=now,
        reason=f"The worker disappeared each time it ran this, {delivery.tries} times so far.",
    )


def _end(delivery: Delivery, text: str, *, due_at: datetime | None = None, reason: str = "") -> None:
    now = timezone.now()
    state = State.WAITING if due_at else State.PARKED
    with transaction.atomic():
        held = Delivery.objects.filter(pk=delivery.pk, lease=delivery.lease, state=State.RUNNING)
        if not held.update(state=state, due_at=due_at, lease="", ended_at=now, error=text, reason=reason):
            return
        Attempt.objects.create(
            delivery=delivery,
            started_at=delivery.started_at or now,
            ended_at=now,
            outcome=Attempt.Outcome.RETRY if due_at else Attempt.Outcome.PARKED,
            error=text or reason,
        )


def pause(tries: int, asked: timedelta | None = None) -> timedelta:
    """Ten seconds, then four times longer after each try, up to six hours; spread, so that not all come at once."""
    longest = min(FIRST_PAUSE * 4 ** (tries - 1), LONGEST_PAUSE)
    spread: timedelta = longest * random.uniform(0.75, 1.25)  # noqa: S311
    return max(spread, asked or timedelta())


def describe(error: BaseException) -> str:
    """What went wrong and where, without values: the text of a foreign exception may hold anything."""
    sentence = scrubbed(str(error)) if isinstance(error, Trouble) else ""
    lines = [f"{type(error).__name__}{': ' if sentence else ''}{sentence}"]
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    lines += [f"  {place(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
    return "\n".join(lines)


def place(filename: str) -> str:
    """The last two parts are enough to find a file and tell nothing about the machine."""
    return "/".join(filename.replace("\\", "/").split("/")[-2:])


def scrubbed(sentence: str) -> str:
    """A sentence of our own, in case somebody put an address or a number into it after all."""
    sentence = re.sub(r"\S+@\S+", "[address]", sentence)
    return re.sub(r"\+?\d[\d\s()/-]{6,}\d", "[number]", sentence)[:500]


__all__ = ["Temporary", "describe", "done", "failed", "hand_back", "park", "park_lost", "pause"]
