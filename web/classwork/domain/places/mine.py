"""The current and past registrations and tickets of an account's students."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator

from billing.domain.status_text import Said
from classwork.domain.catalog.class_summary import Listed
from classwork.domain.places import diary, words
from classwork.domain.places.arrows import Seat
from classwork.domain.places.calendar_links import CalendarLinks
from classwork.domain.places.deadlines import in_time
from classwork.domain.places.tickets import staying
from classwork.models import Registration, Subject, Ticket
from common import dates
from users.models import Student, User

State = Registration.State
PER_PAGE = 50


@dataclass(frozen=True)
class Place:
    registration: Registration
    listed: Listed
    state: Said
    payment: Said
    may_move: bool = False
    may_give: bool = False
    """Whether the spot can be transferred to another person."""


@dataclass(frozen=True)
class Single:
    """A ticket for one meeting of a class."""

    ticket: Ticket
    state: Said
    payment: Said
    is_over: bool
    can_stay: bool

    @property
    def address(self) -> str:
        return staying.address(self.ticket)


@dataclass(frozen=True)
class Attending:
    student: Student
    now: list[Place]
    before: list[Place]
    singles: list[Single]

    @property
    def all(self) -> list[Place]:
        return [*self.now, *self.before]

    @property
    def highest(self) -> list[Subject]:
        finished = [place.registration for place in self.before if place.registration.state == State.CONFIRMED]
        subjects = [registration.offer.subject for registration in finished]
        top = max((subject.level_number for subject in subjects), default=None)
        return list(dict.fromkeys(subject for subject in subjects if subject.level_number == top))

    @property
    def calendar_field(self) -> str:
        return f"calendar-link-{self.student.pk}"

    @property
    def calendar(self) -> CalendarLinks | None:
        address = diary.address(self.student)
        return CalendarLinks(address, f"{settings.BUSINESS_NAME}: {self.student}") if address else None


def people(user: User, at: datetime, number: str | int | None = 1) -> tuple[list[Attending], Page[Any]]:
    """Lists the account's owner first, then the people in their care. Pages hold the latest classes first."""
    in_care = Student.objects.in_care_of(user).select_related("diary")
    students = sorted(in_care, key=lambda student: (student.user_id != user.pk, student.name_key))
    registrations = Registration.objects.filter(student__in=students).exclude(state=State.LAPSED)
    registration_ids = list(registrations.order_by("-offer__session__key_day_date", "-pk").values_list("pk", flat=True))
    bought = Ticket.objects.filter(student__in=students).order_by("-meeting__starts_at", "-pk")
    ticket_ids = list(bought.values_list("pk", flat=True))
    page: Page[Any] = Paginator([*zip_longest(registration_ids, ticket_ids)], PER_PAGE).get_page(number)
    window = slice(max(page.start_index() - 1, 0), page.end_index())
    on_page = registrations.filter(pk__in=registration_ids[window]).for_lists()
    places = [place(registration, at) for registration in _worth_showing(on_page, at)]
    tickets_on_page: Iterable[Ticket] = (
        Ticket.objects.filter(pk__in=ticket_ids[window]).for_lists() if ticket_ids[window] else []
    )
    tickets = [ticket for ticket in tickets_on_page if _is_worth_showing(ticket, at)]
    classes = [
        _attending(
            student,
            [place for place in places if place.registration.student_id == student.pk],
            [ticket for ticket in tickets if ticket.student_id == student.pk],
            at,
        )
        for student in students
    ]
    return classes, page


def of_student(student: Student, at: datetime) -> Attending:
    registrations = Registration.objects.filter(student=student).exclude(state=State.LAPSED).for_lists()
    tickets = Ticket.objects.filter(student=student).for_lists()
    return _attending(
        student,
        [place(registration, at) for registration in _worth_showing(registrations, at)],
        [ticket for ticket in tickets if _is_worth_showing(ticket, at)],
        at,
    )


def _worth_showing(registrations: Iterable[Registration], at: datetime) -> list[Registration]:
    return [registration for registration in registrations if _is_worth_showing(registration, at)]


def _is_worth_showing(spot: Seat, at: datetime) -> bool:
    return spot.takes_a_place(at) or not (spot.is_live or spot.state == State.LAPSED)


def place(registration: Registration, at: datetime) -> Place:
    is_confirmed = registration.state == State.CONFIRMED
    return Place(
        registration,
        Listed(registration.offer, dates.local(at).date()),
        words.of_place(registration, at),
        words.of_payment(registration, at),
        may_move=is_confirmed and in_time(registration, settings.MOVE_UNTIL_CLASS, at),
        may_give=is_confirmed and in_time(registration, settings.GIVE_UNTIL_CLASS, at),
    )


def single(ticket: Ticket, at: datetime, registered: Collection[int] = ()) -> Single:
    is_over = ticket.meeting.ends_at <= at
    can_stay = (
        ticket.state == State.CONFIRMED
        and ticket.offer_id not in registered
        and ticket.offer.session.end_date >= dates.local(at).date()
    )
    return Single(ticket, words.of_ticket(ticket, at), words.of_payment(ticket, at), is_over, can_stay)


def _attending(student: Student, places: list[Place], tickets: list[Ticket], at: datetime) -> Attending:
    current: list[Place] = []
    before: list[Place] = []
    for place in places:
        last = place.listed.last
        is_over = last is not None and last.ends_at <= at
        (current if place.registration.is_live and not is_over else before).append(place)
    registered = {place.registration.offer_id for place in places if place.registration.is_live}
    singles = [single(ticket, at, registered) for ticket in tickets]
    return Attending(student, sorted(current, key=_first), before, singles)


def _first(place: Place) -> tuple[bool, datetime]:
    first = place.listed.first
    return first is None, first.starts_at if first else place.registration.created_at
