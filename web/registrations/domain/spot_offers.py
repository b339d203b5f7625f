"""Offers the free spots of a class to its waitlist, always under the lock of the class."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet, prefetch_related_objects
from django.utils import timezone

from billing.models import Order
from classwork.models import ClassOffer
from registrations.domain import capacity, notifications, registration_window
from registrations.domain.capacity import ClassSnapshot
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
    walk_along_waitlist(capacity.load_class_snapshots([class_offer], at)[class_offer.pk], at)


def walk_along_waitlist(snapshot: ClassSnapshot, at: datetime) -> None:
    """Ends late offers, and offers the free spots. The snapshot has what is left."""
    end_entries(
        [each for each in snapshot.entries if each.state == State.OFFERED and not each.has_open_offer(at)],
        State.EXPIRED,
        at,
    )
    snapshot.entries = [entry for entry in snapshot.entries if entry.is_live]
    if not snapshot.entries:
        return
    prefetch_related_objects([snapshot.class_offer], "meetings")
    if registration_window.closed_reason(snapshot.class_offer, at):
        end_entries(snapshot.entries, State.CLOSED, at)
        snapshot.entries = []
    elif snapshot.waiting:
        _walk_and_log(snapshot, at)


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


def _walk_and_log(snapshot: ClassSnapshot, at: datetime) -> None:
    entries = {entry.pk: entry for entry in snapshot.waiting}
    availability, parties = snapshot.availability(), as_waiting_parties(snapshot.waiting)
    given = walk_log.walk_input_as_json(availability.rules, availability.counts, parties)
    steps = walk_waitlist(availability.rules, availability.counts, parties)
    offers = [(entries.pop(step.entry), step.roles) for step in steps if isinstance(step, SpotOffered)]
    skipped = _skip_for_new_reasons(entries, steps)
    offer_spots(snapshot.class_offer, offers, at, skipped=skipped)
    for _entry, roles in offers:
        snapshot.counts.taken.update(roles)
    if offers or skipped:
        # The log lets `manage.py replay_waitlist` repeat the walk.
        WaitlistWalk.objects.create(
            class_offer=snapshot.class_offer, given=given, steps=walk_log.walk_steps_as_json(steps)
        )


def _skip_for_new_reasons(entries: Mapping[int, WaitlistEntry], steps: Iterable[WalkStep]) -> list[WaitlistEntry]:
    """The last record of an entry says why it still waits. Returns the entries whose reasons have changed."""
    obstacles = {step.entry: step.obstacle for step in steps if isinstance(step, EntrySkipped)}
    changed = []
    for entry in entries.values():
        obstacle = obstacles[entry.pk]
        if (entry.skip_rule, entry.skip_role) != (obstacle.rule, obstacle.role):
            entry.skip_rule, entry.skip_role = obstacle.rule, obstacle.role
            changed.append(entry)
    return changed


def offer_spots(
    class_offer: ClassOffer,
    offers: Sequence[tuple[WaitlistEntry, Sequence[str]]],
    at: datetime,
    *,
    skipped: Sequence[WaitlistEntry] = (),
) -> None:
    """Offers each entry spots in these roles, and stores why the others still wait, in one statement."""
    starts = [meeting.starts_at for meeting in class_offer.uncanceled_meetings] if offers else []
    next_meeting = min((start for start in starts if start > at), default=None)
    for entry, roles in offers:
        entry.state, entry.offered_roles, entry.skip_rule, entry.skip_role = State.OFFERED, list(roles), "", ""
        entry.offer_expires_at = offer_deadlines.offer_deadline(at, settings.OFFER_HOURS, next_meeting)
    offered = [entry for entry, _roles in offers]
    WaitlistEntry.objects.bulk_update(
        [*offered, *skipped], ["state", "offered_roles", "skip_rule", "skip_role", "offer_expires_at"]
    )
    for entry in offered:
        notifications.draft_waitlist_mail("spot_offered", entry)


END_MAILS: dict[str, str] = {State.EXPIRED: "spot_offer_expired", State.CLOSED: "waitlist_closed"}


def end_entries(entries: Sequence[WaitlistEntry], state: str, at: datetime, order: Order | None = None) -> None:
    for entry in entries:
        entry.state, entry.ended_at, entry.order = state, at, order
    WaitlistEntry.objects.filter(pk__in=[entry.pk for entry in entries]).update(state=state, ended_at=at, order=order)
    if state in END_MAILS:
        for entry in entries:
            notifications.draft_waitlist_mail(END_MAILS[state], entry)


def offer_free_spots_everywhere() -> int:
    class_offers = set(WaitlistEntry.objects.live().order_by().values_list("class_offer_id", flat=True))
    for class_offer_id in sorted(class_offers):
        offer_free_spots(class_offer_id)
    return len(class_offers)
