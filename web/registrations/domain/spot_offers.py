"""Offers the free spots of a class to its waitlist, always under the lock of the class."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from classwork.models import ClassOffer
from outbox.declare import EventType
from outbox.domain import emit
from registrations import events
from registrations.domain import capacity, registration_window
from registrations.models import WaitlistEntry, WaitlistWalk
from registrations.rules import offer_deadlines, walk_log
from registrations.rules.role_balance import EITHER
from registrations.rules.waitlist_walk import SpotOffered, WaitingParty, WalkStep, walk_waitlist

State = WaitlistEntry.State


@transaction.atomic
def offer_free_spots(class_offer_id: int, at: datetime | None = None) -> None:
    class_offer = capacity.lock_class(class_offer_id)
    advance_waitlist(class_offer, at or timezone.now())


def advance_waitlist(class_offer: ClassOffer, at: datetime) -> None:
    """The caller holds the lock of the class."""
    for late in WaitlistEntry.objects.filter(class_offer=class_offer).with_ended_offer(at):
        end_entry(late, State.EXPIRED, at)
    if registration_window.closed_reason(class_offer, at):
        for entry in WaitlistEntry.objects.filter(class_offer=class_offer).live():
            end_entry(entry, State.CLOSED, at)
        return
    entries = {entry.pk: entry for entry in waiting_entries(class_offer)}
    if entries:
        _walk_and_log(class_offer, entries, at)


def waiting_entries(class_offer: ClassOffer) -> QuerySet[WaitlistEntry]:
    return WaitlistEntry.objects.filter(class_offer=class_offer, state=State.WAITING)


def next_position(class_offer_id: int) -> int:
    last = WaitlistEntry.objects.filter(class_offer=class_offer_id).aggregate(last=Max("position"))["last"] or 0
    return int(last) + 1


def positions_in_line(class_offer_id: int, position: int, requests: Iterable[str]) -> dict[str, int]:
    """Returns the position among all entries under '', and among those that could take each role."""
    entries = WaitlistEntry.objects.filter(class_offer=class_offer_id, state=State.WAITING, position__lt=position)
    ahead = list(entries.values_list("requested_roles", flat=True))
    positions = {"": len(ahead) + 1}
    for role in sorted({*requests} - {"", EITHER}):
        positions[role] = 1 + sum(1 for roles in ahead if {role, EITHER} & {*roles})
    return positions


def entries_with_open_offer() -> QuerySet[WaitlistEntry]:
    return WaitlistEntry.objects.with_open_offer(timezone.now())


def as_waiting_parties(entries: Sequence[WaitlistEntry]) -> list[WaitingParty]:
    return [WaitingParty(entry.pk, tuple(entry.requested_roles)) for entry in entries]


def _walk_and_log(class_offer: ClassOffer, entries: dict[int, WaitlistEntry], at: datetime) -> None:
    availability = capacity.availability_of(class_offer, at)
    waiting = as_waiting_parties(list(entries.values()))
    steps = walk_waitlist(availability.rules, availability.counts, waiting)
    changed = [step for step in steps if _apply_walk_step(step, entries[step.entry], class_offer, at)]
    if changed:
        # The log lets `manage.py replay_waitlist` repeat the walk.
        WaitlistWalk.objects.create(
            class_offer=class_offer,
            given=walk_log.walk_input_as_json(availability.rules, availability.counts, waiting),
            steps=walk_log.walk_steps_as_json(steps),
        )


def _apply_walk_step(step: WalkStep, entry: WaitlistEntry, class_offer: ClassOffer, at: datetime) -> bool:
    if isinstance(step, SpotOffered):
        offer_spot(entry, class_offer, step, at)
        return True
    before = (entry.skip_rule, entry.skip_role)
    entry.skip_rule, entry.skip_role = step.obstacle.rule, step.obstacle.role
    if before == (entry.skip_rule, entry.skip_role):
        return False
    entry.save(update_fields=["skip_rule", "skip_role"])
    return True


def offer_spot(entry: WaitlistEntry, class_offer: ClassOffer, step: SpotOffered, at: datetime) -> None:
    starts = [meeting.starts_at for meeting in class_offer.uncanceled_meetings]
    next_meeting = min((start for start in starts if start > at), default=None)
    entry.state, entry.offered_roles, entry.skip_rule, entry.skip_role = State.OFFERED, list(step.roles), "", ""
    entry.offer_expires_at = offer_deadlines.offer_deadline(at, settings.OFFER_HOURS, next_meeting)
    entry.save(update_fields=["state", "offered_roles", "skip_rule", "skip_role", "offer_expires_at"])
    emit_entry_event(events.SPOT_OFFERED, entry, at)


END_EVENTS: dict[str, EventType] = {
    State.EXPIRED: events.SPOT_OFFER_EXPIRED,
    State.DECLINED: events.WAITLIST_LEFT,
    State.LEFT: events.WAITLIST_LEFT,
    State.CLOSED: events.WAITLIST_CLOSED,
    State.ACCEPTED: events.SPOT_OFFER_ACCEPTED,
}


def end_entry(entry: WaitlistEntry, state: str, at: datetime, **fields: Any) -> None:
    entry.state, entry.ended_at = state, at
    for name, value in fields.items():
        setattr(entry, name, value)
    entry.save(update_fields=["state", "ended_at", *fields])
    emit_entry_event(END_EVENTS[state], entry, at)


def emit_entry_event(event: EventType, entry: WaitlistEntry, at: datetime) -> None:
    emit(event, key=f"{entry.pk} {at.isoformat()}", entry_id=entry.pk, class_offer_id=entry.class_offer_id)


def offer_free_spots_everywhere() -> int:
    class_offers = set(WaitlistEntry.objects.live().order_by().values_list("class_offer_id", flat=True))
    for class_offer_id in sorted(class_offers):
        offer_free_spots(class_offer_id)
    return len(class_offers)
