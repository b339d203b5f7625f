"""Walking along the waiting list of a class: whoever fits is offered a place, and it is kept for a while.

Everything here runs under the lock of the offer. Each walk that changes anything is logged with what it was given, so
that it can be walked again; see `manage.py replay_queue`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from classwork import events
from classwork.domain.places import opening, room
from classwork.domain.places.waiting import deadline, record_of
from classwork.domain.places.waiting.balance import EITHER
from classwork.domain.places.waiting.walk import Offered, Passed, Step, Waiting, walk
from classwork.models import ClassOffer, WaitingEntry, Walk
from outbox.declare import EventType
from outbox.domain import emit

State = WaitingEntry.State


@transaction.atomic
def tend(offer_id: int, at: datetime | None = None) -> None:
    """Offers that nobody answered end, and places that are free go to those who wait. Doing it twice is harmless."""
    offer = room.lock(offer_id)
    advance(offer, at or timezone.now())


def advance(offer: ClassOffer, at: datetime) -> None:
    """The lock of the offer is held."""
    for late in WaitingEntry.objects.filter(offer=offer).with_ended_offer(at):
        end(late, State.LAPSED, at)
    if opening.closed_because(offer, at):
        for entry in WaitingEntry.objects.filter(offer=offer).live():
            end(entry, State.CLOSED, at)
        return
    entries = {entry.pk: entry for entry in in_line(offer)}
    if entries:
        _walk(offer, entries, at)


def in_line(offer: ClassOffer) -> QuerySet[WaitingEntry]:
    return WaitingEntry.objects.filter(offer=offer, state=State.WAITING)


def next_position(offer_id: int) -> int:
    last = WaitingEntry.objects.filter(offer=offer_id).aggregate(last=Max("position"))["last"] or 0
    return int(last) + 1


def numbers_in_line(offer_id: int, position: int, wanted: Iterable[str]) -> dict[str, int]:
    """Which in line somebody is at this position, in all ('') and among those who could take the same role."""
    entries = WaitingEntry.objects.filter(offer=offer_id, state=State.WAITING, position__lt=position)
    ahead = list(entries.values_list("wanted", flat=True))
    found = {"": len(ahead) + 1}
    for role in sorted({*wanted} - {"", EITHER}):
        found[role] = 1 + sum(1 for roles in ahead if {role, EITHER} & {*roles})
    return found


def kept_now() -> QuerySet[WaitingEntry]:
    """Those for whom a place is kept at this moment."""
    return WaitingEntry.objects.with_open_offer(timezone.now())


def as_waiting(entries: Sequence[WaitingEntry]) -> list[Waiting]:
    return [Waiting(entry.pk, tuple(entry.wanted)) for entry in entries]


def _walk(offer: ClassOffer, entries: dict[int, WaitingEntry], at: datetime) -> None:
    now = room.of(offer, at)
    waiting = as_waiting(list(entries.values()))
    steps = walk(now.rules, now.counts, waiting)
    changed = [step for step in steps if _apply(step, entries[step.entry], offer, at)]
    if changed:
        Walk.objects.create(
            offer=offer, given=record_of.given(now.rules, now.counts, waiting), steps=record_of.steps(steps)
        )


def _apply(step: Step, entry: WaitingEntry, offer: ClassOffer, at: datetime) -> bool:
    if isinstance(step, Passed):
        return _hold_back(entry, step)
    keep(entry, offer, step, at)
    return True


def _hold_back(entry: WaitingEntry, step: Passed) -> bool:
    before = (entry.rule, entry.rule_role)
    entry.rule, entry.rule_role = step.obstacle.rule, step.obstacle.role
    if before == (entry.rule, entry.rule_role):
        return False
    entry.save(update_fields=["rule", "rule_role"])
    return True


def keep(entry: WaitingEntry, offer: ClassOffer, step: Offered, at: datetime) -> None:
    """The place is theirs until the deadline; they are told by mail."""
    entry.state, entry.roles, entry.rule, entry.rule_role = State.OFFERED, list(step.roles), "", ""
    entry.offered_until = deadline.until(at, settings.OFFER_HOURS, _next_meeting(offer, at))
    entry.save(update_fields=["state", "roles", "rule", "rule_role", "offered_until"])
    tell(events.PLACE_OFFERED, entry, at)


def _next_meeting(offer: ClassOffer, at: datetime) -> datetime | None:
    starts = [meeting.starts_at for meeting in offer.meetings.all() if not meeting.is_cancelled]
    return min((start for start in starts if start > at), default=None)


ENDS: dict[str, EventType] = {
    State.LAPSED: events.OFFER_LAPSED,
    State.DECLINED: events.WAITING_LEFT,
    State.LEFT: events.WAITING_LEFT,
    State.CLOSED: events.WAITING_CLOSED,
    State.TAKEN: events.OFFER_TAKEN,
}


def end(entry: WaitingEntry, state: str, at: datetime, **more: Any) -> None:
    """Every end is final."""
    entry.state, entry.ended_at = state, at
    for name, value in more.items():
        setattr(entry, name, value)
    entry.save(update_fields=["state", "ended_at", *more])
    tell(ENDS[state], entry, at)


def tell(event: EventType, entry: WaitingEntry, at: datetime) -> None:
    emit(event, key=f"{entry.pk} {at.isoformat()}", entry_id=entry.pk, offer_id=entry.offer_id)


def tend_all() -> int:
    """The job: lists on which somebody waits, or was offered a place."""
    offers = set(WaitingEntry.objects.live().order_by().values_list("offer_id", flat=True))
    for offer_id in sorted(offers):
        tend(offer_id)
    return len(offers)
