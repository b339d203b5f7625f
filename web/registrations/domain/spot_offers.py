"""Offers the free spots of a class to its waitlist, always under the lock of the class."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet, prefetch_related_objects
from django.utils import timezone

from classwork.models import ClassOffer
from registrations.domain import capacity, notifications, registration_window
from registrations.models import WaitlistEntry, WaitlistWalk
from registrations.rules import offer_deadlines, walk_log
from registrations.rules.role_balance import EITHER
from registrations.rules.waitlist_walk import EntrySkipped, SpotOffered, WaitingParty, WalkStep, walk_waitlist

State = WaitlistEntry.State


@transaction.atomic
def offer_free_spots(class_offer_id: int, at: datetime | None = None) -> None:
    class_offer = capacity.lock_class(class_offer_id)
    advance_waitlist(class_offer, at or timezone.now())


def advance_waitlist(class_offer: ClassOffer, at: datetime) -> None:
    """The caller holds the lock of the class."""
    entries = list(WaitlistEntry.objects.filter(class_offer=class_offer).live())
    for late in entries:
        if late.state == State.OFFERED and not late.has_open_offer(at):
            end_entry(late, State.EXPIRED, at)
    live = [entry for entry in entries if entry.is_live]
    if not live:
        return
    prefetch_related_objects([class_offer], "meetings")
    if registration_window.closed_reason(class_offer, at):
        for entry in live:
            end_entry(entry, State.CLOSED, at)
    elif waiting := {entry.pk: entry for entry in live if entry.state == State.WAITING}:
        _walk_and_log(class_offer, waiting, at)


def waiting_entries(class_offer: ClassOffer) -> QuerySet[WaitlistEntry]:
    return WaitlistEntry.objects.filter(class_offer=class_offer, state=State.WAITING)


def waiting_parties(class_offers: Sequence[ClassOffer]) -> dict[int, list[WaitingParty]]:
    """Returns the people on the waitlists by class, without a query if no class is given."""
    parties: dict[int, list[WaitingParty]] = {class_offer.pk: [] for class_offer in class_offers}
    if parties:
        for entry in WaitlistEntry.objects.filter(class_offer__in=parties, state=State.WAITING):
            parties[entry.class_offer_id].append(WaitingParty(entry.pk, tuple(entry.requested_roles)))
    return parties


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
    offered = [step for step in steps if isinstance(step, SpotOffered)]
    for step in offered:
        offer_spot(entries.pop(step.entry), class_offer, step, at)
    if _record_skip_reasons(entries, steps) or offered:
        # The log lets `manage.py replay_waitlist` repeat the walk.
        WaitlistWalk.objects.create(
            class_offer=class_offer,
            given=walk_log.walk_input_as_json(availability.rules, availability.counts, waiting),
            steps=walk_log.walk_steps_as_json(steps),
        )


def _record_skip_reasons(entries: Mapping[int, WaitlistEntry], steps: Iterable[WalkStep]) -> int:
    """The last record of an entry says why it still waits. Returns how many reasons have changed."""
    obstacles = {step.entry: step.obstacle for step in steps if isinstance(step, EntrySkipped)}
    changed = []
    for entry in entries.values():
        obstacle = obstacles[entry.pk]
        if (entry.skip_rule, entry.skip_role) != (obstacle.rule, obstacle.role):
            entry.skip_rule, entry.skip_role = obstacle.rule, obstacle.role
            changed.append(entry)
    return WaitlistEntry.objects.bulk_update(changed, ["skip_rule", "skip_role"])


def offer_spot(entry: WaitlistEntry, class_offer: ClassOffer, step: SpotOffered, at: datetime) -> None:
    starts = [meeting.starts_at for meeting in class_offer.uncanceled_meetings]
    next_meeting = min((start for start in starts if start > at), default=None)
    entry.state, entry.offered_roles, entry.skip_rule, entry.skip_role = State.OFFERED, list(step.roles), "", ""
    entry.offer_expires_at = offer_deadlines.offer_deadline(at, settings.OFFER_HOURS, next_meeting)
    entry.save(update_fields=["state", "offered_roles", "skip_rule", "skip_role", "offer_expires_at"])
    notifications.draft_waitlist_mail("spot_offered", entry)


END_MAILS: dict[str, str] = {State.EXPIRED: "spot_offer_expired", State.CLOSED: "waitlist_closed"}


def end_entry(entry: WaitlistEntry, state: str, at: datetime, **fields: Any) -> None:
    entry.state, entry.ended_at = state, at
    for name, value in fields.items():
        setattr(entry, name, value)
    entry.save(update_fields=["state", "ended_at", *fields])
    if state in END_MAILS:
        notifications.draft_waitlist_mail(END_MAILS[state], entry)


def offer_free_spots_everywhere() -> int:
    class_offers = set(WaitlistEntry.objects.live().order_by().values_list("class_offer_id", flat=True))
    for class_offer_id in sorted(class_offers):
        offer_free_spots(class_offer_id)
    return len(class_offers)
