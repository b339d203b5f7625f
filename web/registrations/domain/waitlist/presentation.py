"""Waitlist entries as the people on the list and the office see them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Exists, Min, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.domain.status_text import StatusText
from classwork.models import ClassOffer
from common.formats import format_moment, format_ordinal
from registrations.domain import capacity, skip_reasons, spot_offers
from registrations.domain.capacity import Availability
from registrations.domain.waitlist import entries, session_entries
from registrations.domain.waitlist.session_entries import Session
from registrations.models import WaitlistEntry, WaitlistWalk
from registrations.rules import walk_log
from registrations.rules.role_balance import Obstacle
from registrations.rules.waitlist_walk import SpotOffered, WalkStep
from users.models import User

State = WaitlistEntry.State
ENDED_STATUSES = {
    State.ACCEPTED: StatusText(_("Registered"), "good"),
    State.DECLINED: StatusText(_("Declined")),
    State.EXPIRED: StatusText(_("Offer expired"), "bad"),
    State.LEFT: StatusText(_("Left the waitlist")),
    State.CLOSED: StatusText(_("Closed")),
}


@dataclass(frozen=True)
class EntryView:
    entry: WaitlistEntry
    number: int
    at: datetime
    by_role: Mapping[str, int] = field(default_factory=dict)

    @property
    def status(self) -> StatusText:
        if self.entry.state == State.WAITING:
            return StatusText(gettext("Waitlisted (%(position)s)") % {"position": format_ordinal(self.number)}, "warn")
        if self.entry.state != State.OFFERED:
            return ENDED_STATUSES[State(self.entry.state)]
        if not entries.is_offer_open(self.entry, self.at):
            return ENDED_STATUSES[State.EXPIRED]
        return StatusText(gettext("Spot reserved until %(time)s") % {"time": self.until}, "good")

    @property
    def in_line(self) -> str:
        return position_sentence({"": self.number, **self.by_role}) if self.is_waiting else ""

    @property
    def heading(self) -> str:
        return self.in_line or str(self.status)

    @property
    def until(self) -> str:
        return format_moment(self.entry.offer_expires_at) if self.entry.offer_expires_at else ""

    @property
    def skip_reason(self) -> str:
        return skip_reasons.skip_reason(self._obstacle) if self.is_waiting else ""

    @property
    def wait_reason(self) -> str:
        return skip_reasons.wait_reason(self._obstacle) if self.is_waiting else ""

    @property
    def _obstacle(self) -> Obstacle:
        return Obstacle(self.entry.skip_rule, self.entry.skip_role)

    @property
    def is_waiting(self) -> bool:
        return self.entry.state == State.WAITING

    @property
    def is_open(self) -> bool:
        return entries.is_offer_open(self.entry, self.at)

    @property
    def address(self) -> str:
        return entries.entry_url(self.entry)

    @property
    def names(self) -> str:
        return gettext(" and ").join(self._people())

    def _people(self) -> Iterator[str]:
        for person, role in zip(self.entry.people, self.entry.requested_roles, strict=True):
            typed = f"{person.get('first_name', '')} {person.get('last_name', '')}".strip()
            name = typed or self.entry.contact_name
            yield f"{name} ({role})" if role else name


def position_sentence(numbers: Mapping[str, int]) -> str:
    sentence = gettext("You’re %(position)s in line") % {"position": format_ordinal(numbers[""])}
    by_role = [
        gettext("%(position)s for %(role)s") % {"position": format_ordinal(number), "role": role}
        for role, number in numbers.items()
        if role
    ]
    return f"{sentence} ({', '.join(by_role)})" if by_role else sentence


def describe_entry(entry: WaitlistEntry, at: datetime) -> EntryView:
    if entry.state != State.WAITING:
        return EntryView(entry, 0, at)
    positions = spot_offers.positions_in_line(entry.class_offer_id, entry.position, entry.requested_roles)
    return EntryView(entry, positions.pop(""), at, positions)


@dataclass(frozen=True)
class ViewerEntry:
    """The viewer's own entry, as the page of a class shows it."""

    people: str
    in_line: str
    address: str = ""
    """The address of the entry's own page. It is empty for an entry typed in this session, which is known by its
    position."""
    position: int = 0
    has_offer: bool = False


def entries_of_viewer(
    class_offer: ClassOffer, viewer: User | None, session: Session, at: datetime
) -> list[ViewerEntry]:
    own = WaitlistEntry.objects.visible_to(viewer).live().filter(class_offer=class_offer) if viewer else []
    views = [describe_entry(entry, at) for entry in own]
    listed = [ViewerEntry(view.names, view.in_line, view.address, has_offer=view.is_open) for view in views]
    for typed in session_entries.session_entries_of_class(session, class_offer):
        positions = spot_offers.positions_in_line(typed.class_offer, typed.position, typed.wanted)
        listed.append(ViewerEntry(typed.people, position_sentence(positions), position=typed.position))
    return listed


def entries_of_class(class_offer: ClassOffer, at: datetime) -> list[EntryView]:
    offered = WaitlistEntry.objects.filter(class_offer=class_offer, state=State.OFFERED).select_related("account")
    waiting = spot_offers.waiting_entries(class_offer).select_related("account")
    return [EntryView(entry, 0, at) for entry in offered] + [
        EntryView(entry, number, at) for number, entry in enumerate(waiting, start=1)
    ]


@dataclass(frozen=True)
class ClassWaitlist:
    """A class with a waitlist, as the office's overview shows it."""

    class_offer: ClassOffer
    availability: Availability
    spots_on_offer: int
    until: datetime | None

    @property
    def reserved_until(self) -> str:
        return format_moment(self.until) if self.until else ""


def classes_with_waitlist() -> QuerySet[ClassOffer]:
    live = WaitlistEntry.objects.live().filter(class_offer=OuterRef("pk"))
    return ClassOffer.objects.for_lists().filter(Exists(live))


def waitlists_of_classes(class_offers: Sequence[ClassOffer], at: datetime) -> list[ClassWaitlist]:
    open_offers = WaitlistEntry.objects.filter(class_offer__in=class_offers).with_open_offer(at).order_by()
    rows = open_offers.values_list("class_offer").annotate(Sum("size"), Min("offer_expires_at"))
    offered = {row[0]: row[1:] for row in rows}
    availability = capacity.availability_by_class(class_offers, at)
    return [
        ClassWaitlist(class_offer, availability[class_offer.pk], *offered.get(class_offer.pk, (0, None)))
        for class_offer in class_offers
    ]


def ended_entries(class_offer: ClassOffer, at: datetime) -> list[EntryView]:
    entries_ended = (
        WaitlistEntry.objects.filter(class_offer=class_offer)
        .exclude(state__in=WaitlistEntry.LIVE)
        .order_by("-ended_at")
    )
    return [EntryView(entry, 0, at) for entry in entries_ended[:50]]


def entries_of_user(user: User, at: datetime) -> list[EntryView]:
    ahead = WaitlistEntry.objects.filter(
        class_offer=OuterRef("class_offer"), state=State.WAITING, position__lte=OuterRef("position")
    )
    number = ahead.order_by().values("class_offer").annotate(number=Count("pk")).values("number")
    own = WaitlistEntry.objects.visible_to(user).live().annotate(number=Coalesce(Subquery(number), 0))
    with_class = own.select_related("class_offer__subject__level", "class_offer__session")
    return [EntryView(entry, entry.number, at) for entry in with_class]


@dataclass(frozen=True)
class WalkText:
    """One walk as text: who was offered a spot, and who was skipped and why."""

    at: datetime
    steps: list[str]


def describe_walks(class_offer: ClassOffer, most: int = 20) -> list[WalkText]:
    rows = list(WaitlistWalk.objects.filter(class_offer=class_offer).order_by("-id")[:most])
    known = {
        entry.pk: EntryView(entry, 0, entry.joined_at)
        for entry in WaitlistEntry.objects.filter(class_offer=class_offer)
    }
    return [
        WalkText(row.created_at, [_describe_walk_step(step, known) for step in walk_log.read_walk_steps(row.steps)])
        for row in rows
    ]


def _describe_walk_step(step: WalkStep, known: Mapping[int, EntryView]) -> str:
    view = known.get(step.entry)
    names, were = (view.names, "were" if view.entry.size == 2 else "was") if view else (f"Entry {step.entry}", "was")
    if isinstance(step, SpotOffered):
        roles = " and ".join(role for role in step.roles if role)
        return f"{names} {were} offered {'two spots' if were == 'were' else 'a spot'}{f' as {roles}' if roles else ''}."
    return f"{names} {were} skipped: {skip_reasons.skip_reason(step.obstacle)}."
