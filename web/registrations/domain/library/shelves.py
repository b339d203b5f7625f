"""The library of an account: what its students may open by class and week, and what opens later."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Page, Paginator
from django.db.models import Exists, F, Q, Subquery

from classwork.models import Release, Resource
from common import dates
from common.formats import format_date, format_moment
from common.pagination import paginate_together
from registrations.domain.library import access
from registrations.domain.library.access import AccessibleResource, AccessState
from registrations.models import LibraryVisit, Opening, Registration
from users.models import Student, User

PAUSE = timedelta(hours=1)  # A shorter pause belongs to the same visit.
STEP = timedelta(minutes=5)

CLASSES_PER_PAGE = 40
RESOURCES_PER_PAGE = 100
"""For resources without a class or subject."""
STATUS_TEXTS = {
    AccessState.HELD: "Your teacher will open this",
    AccessState.UNPAID: "Available once the class is paid",
    AccessState.MISSED: "Before you joined: ask your teacher",
}


@dataclass(frozen=True)
class LibraryItem:
    release: Release
    registration: Registration
    state: AccessState
    opened_at: datetime
    is_new: bool = False
    by_hand: bool = False  # A teacher opened it for this one student.

    @property
    def resource(self) -> Resource:
        return self.release.resource

    @property
    def is_open(self) -> bool:
        return self.state == AccessState.OPEN

    @property
    def can_change(self) -> bool:
        return self.by_hand or not self.is_open

    @property
    def status_text(self) -> str:
        release = self.release
        if self.state == AccessState.LOCKED and (begins := release.begins_at):
            return f"Opens {format_moment(begins)}"
        if self.state == AccessState.EXPIRED and release.last_day:
            return f"Expired {format_date(release.last_day)}"
        if self.state == AccessState.OPEN and release.last_day:
            return f"Available until {format_date(release.last_day)}"
        return STATUS_TEXTS.get(self.state, "")


@dataclass(frozen=True)
class Shelf:
    """What one registration opens."""

    registration: Registration
    items: list[LibraryItem]

    @property
    def key(self) -> str:
        return f"registration-{self.registration.pk}"

    @property
    def weeks(self) -> Iterator[tuple[str, list[LibraryItem]]]:
        for week, items in groupby(self.items, key=lambda item: item.release.week):
            yield week, list(items)

    @property
    def open_count(self) -> int:
        return sum(item.is_open for item in self.items)


@dataclass(frozen=True)
class Library:
    shelves: list[Shelf]
    unattached: list[Resource]
    today: date
    page: Page[Any]

    @property
    def new_items(self) -> list[LibraryItem]:
        return _latest_per_resource(item for shelf in self.shelves for item in shelf.items if item.is_new)

    @property
    def open_items(self) -> list[LibraryItem]:
        return _latest_per_resource(item for shelf in self.shelves for item in shelf.items if item.is_open)

    @property
    def current(self) -> list[Shelf]:
        return sorted(
            filter(self._is_current, self.shelves),
            key=lambda shelf: shelf.registration.class_offer.session.start_date > self.today,
        )

    @property
    def past(self) -> list[Shelf]:
        return [shelf for shelf in self.shelves if not self._is_current(shelf)]

    @property
    def libraries(self) -> list[tuple[str, list[Resource]]]:
        named = (("For students", "student"), ("For teachers", "teacher"), ("For everyone", "public"))
        by_audience = [
            (title, [resource for resource in self.unattached if resource.audience == audience])
            for title, audience in named
        ]
        return [(title, resources) for title, resources in by_audience if resources]

    def _is_current(self, shelf: Shelf) -> bool:
        return shelf.registration.class_offer.session.end_date >= self.today


def _latest_per_resource(items: Iterable[LibraryItem]) -> list[LibraryItem]:
    latest = sorted(items, key=lambda item: item.opened_at, reverse=True)
    return list({item.resource.pk: item for item in reversed(latest)}.values())[::-1]


def build_library(user: User | AnonymousUser, at: datetime, text: str = "", number: str | int | None = 1) -> Library:
    """One page of the library, the latest classes first. It needs the same number of queries for one class and for
    forty.

    `text` keeps only resources that contain all its words, in any class. Resources without a class are paginated
    together with the classes.
    """
    students = Student.objects.ids_of(user) if isinstance(user, User) else []
    registrations, by_hand = _registrations_with_visit(user, students) if isinstance(user, User) else ([], {})
    tickets: list[Any] = []
    if isinstance(user, User) and (not registrations or registrations[0].has_tickets):
        visit = LibraryVisit.objects.filter(account=user)
        confirmed = access.tickets_of_students(students).for_meeting_lists().prefetch_related(None)
        tickets = list(
            confirmed.annotate(new_since=Subquery(visit.values("new_since")), last=Subquery(visit.values("visited_at")))
        )
    is_student = bool(registrations)
    spots: list[Any] = sorted(
        [*registrations, *tickets], key=lambda spot: spot.class_offer.session.key_day_date, reverse=True
    )
    since = _record_visit(user, spots[0], at) if isinstance(user, User) and spots else None
    if text and spots:
        matching = Release.objects.for_students().filter(
            _text_filter(text, "resource__"), class_offer__in={spot.class_offer_id for spot in spots}
        )
        class_offers = set(matching.order_by().values_list("class_offer", flat=True))
        spots = [spot for spot in spots if spot.class_offer_id in class_offers]
    shown = Paginator(spots, CLASSES_PER_PAGE)
    resources = access.library_resources(user, at, is_student=is_student).filter(_text_filter(text)).defer("text")
    resources = resources.order_by("-audience", "title", "pk")
    first = list(resources[: RESOURCES_PER_PAGE + 1])  # Rows are counted only if one page does not hold them all.
    without_class: Paginator[Any] = Paginator(
        first if len(first) <= RESOURCES_PER_PAGE else resources, RESOURCES_PER_PAGE
    )
    page, (classes, unattached) = paginate_together(number, shown, without_class)
    among = Release.objects.for_students().filter(_text_filter(text, "resource__")).defer("resource__text")
    releases = access.releases_by_class(list(classes), among)
    whole_first = sorted(classes, key=lambda registration: registration.is_for_single_meeting)
    shelves = [Shelf(each, _items_of(each, releases, by_hand, at, since)) for each in whole_first]
    return Library([shelf for shelf in shelves if shelf.items], list(unattached), dates.to_local_time(at).date(), page)


def _registrations_with_visit(
    user: User, students: Collection[int]
) -> tuple[list[Any], dict[tuple[int, int], datetime]]:
    """Includes the last visit and the openings of the viewer, which would otherwise need separate queries."""
    visit = LibraryVisit.objects.filter(account=user)
    annotated = access.registrations_of_students(students).annotate(
        new_since=Subquery(visit.values("new_since")),
        last=Subquery(visit.values("visited_at")),
        opened=F("openings__resource"),
        opened_on=F("openings__date_added"),
        has_tickets=Exists(access.tickets_of_students(students)),
    )
    related = annotated.select_related("student", "class_offer__subject__level", "class_offer__session", "line__order")
    rows = related.order_by("-class_offer__session__key_day_date", "class_offer__class_day", "pk")
    by_hand = {(row.pk, row.opened): row.opened_on for row in rows if row.opened}
    return list({row.pk: row for row in rows}.values()), by_hand


def _items_of(
    registration: Registration,
    releases: Mapping[int, Sequence[Release]],
    by_hand: dict[tuple[int, int], datetime],
    at: datetime,
    since: datetime | None = None,
) -> list[LibraryItem]:
    return [
        _library_item(
            release, registration, at, since=since, by_hand=by_hand.get((registration.pk, release.resource_id))
        )
        for release in releases.get(registration.class_offer_id, [])
        if not registration.is_for_single_meeting or access.opens_with_ticket(release, registration)
    ]


def _record_visit(user: User, registration: Any, at: datetime) -> datetime | None:
    """Returns the moment after which resources are new to this account. The visit is stored every few minutes at
    most."""
    since, last = registration.new_since, registration.last
    if last is not None and at - last < STEP:
        return since
    if last is not None and at - last > PAUSE:
        since = last
    LibraryVisit.objects.bulk_create(
        [LibraryVisit(account=user, new_since=since, visited_at=at)],
        update_conflicts=True,
        unique_fields=["account"],
        update_fields=["new_since", "visited_at"],
    )
    return since


def _text_filter(text: str, where: str = "") -> Q:
    condition = Q()
    for word in text.split():
        condition &= Q(**{f"{where}title__icontains": word}) | Q(**{f"{where}text__icontains": word})
    return condition


def _library_item(
    release: Release,
    registration: Registration,
    at: datetime,
    *,
    since: datetime | None = None,
    by_hand: datetime | None = None,
) -> LibraryItem:
    state = access.access_state(release, registration, at, by_hand=by_hand is not None)
    planned = [moment for moment in (release.begins_at, registration.confirmed_at, release.date_added) if moment]
    opened_at = by_hand or max(planned)
    is_new = state == AccessState.OPEN and since is not None and opened_at > since
    return LibraryItem(release, registration, state, opened_at, is_new, by_hand is not None)


def release_by_student(release: Release, at: datetime) -> list[LibraryItem]:
    confirmed = Registration.objects.whole_class().confirmed().filter(class_offer=release.class_offer_id)
    registrations = list(confirmed.select_related("student", "line__order").order_by("student__name_key", "pk"))
    opened = Opening.objects.filter(registration__in=registrations, resource=release.resource_id)
    by_hand = dict(opened.values_list("registration", "date_added"))
    return [_library_item(release, each, at, by_hand=by_hand.get(each.pk)) for each in registrations]


# -- neighbors of a resource ------------------------------------------------------------------------------


@dataclass(frozen=True)
class NeighborResources:
    """The open resources before and after this one in its class, and how long it stays open."""

    before: Resource | None = None
    after: Resource | None = None
    status_text: str = ""


def neighbors_of(opened: AccessibleResource, at: datetime) -> NeighborResources:
    if opened.registration is None:
        return NeighborResources()
    registration, resource = opened.registration, opened.resource
    by_hand = {(registration.pk, each.resource_id): each.date_added for each in registration.openings.all()}
    items = _items_of(registration, {registration.class_offer_id: opened.releases}, by_hand, at)
    items_open = [item for item in items if item.is_open]
    position = next((n for n, item in enumerate(items_open) if item.resource == resource), None)
    if position is None:
        return NeighborResources()
    neighbors = [None, *(item.resource for item in items_open), None]
    return NeighborResources(neighbors[position], neighbors[position + 2], items_open[position].status_text)
