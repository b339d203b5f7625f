"""The classes of an account's people, now and before."""

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
    """To another person."""


@dataclass(frozen=True)
class Single:
    """One class, with a ticket."""

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
        """Of the classes that are over; a workshop stands where its level stands."""
        had = [one.registration.offer.subject for one in self.before if one.registration.state == State.CONFIRMED]
        top = max((subject.level_number for subject in had), default=None)
        return list(dict.fromkeys(subject for subject in had if subject.level_number == top))

    @property
    def calendar_field(self) -> str:
        return f"calendar-link-{self.student.pk}"

    @property
    def calendar(self) -> CalendarLinks | None:
        """None until somebody has asked for the address."""
        address = diary.address(self.student)
        return CalendarLinks(address, f"{settings.BUSINESS_NAME}: {self.student}") if address else None


def people(user: User, at: datetime, number: str | int | None = 1) -> tuple[list[Attending], Page[Any]]:
    """The account's owner first, then those in their care; lapsed holds are no classes. By pages, the latest first."""
    students = sorted(
        Student.objects.in_care_of(user).select_related("diary"), key=lambda one: (one.user_id != user.pk, one.name_key)
    )
    registrations = Registration.objects.filter(student__in=students).exclude(state=State.LAPSED)
    seats = list(registrations.order_by("-offer__session__key_day_date", "-pk").values_list("pk", flat=True))
    bought = Ticket.objects.filter(student__in=students).order_by("-meeting__starts_at", "-pk")
    single_seats = list(bought.values_list("pk", flat=True))
    page: Page[Any] = Paginator([*zip_longest(seats, single_seats)], PER_PAGE).get_page(number)
    window = slice(max(page.start_index() - 1, 0), page.end_index())
    here = registrations.filter(pk__in=seats[window]).for_lists()
    places = [place(one, at) for one in _worth_showing(here, at)]
    singles: Iterable[Ticket] = (
        Ticket.objects.filter(pk__in=single_seats[window]).for_lists() if single_seats[window] else []
    )
    tickets = [one for one in singles if _is_worth_showing(one, at)]
    shown = [
        _attending(
            student,
            [one for one in places if one.registration.student_id == student.pk],
            [one for one in tickets if one.student_id == student.pk],
            at,
        )
        for student in students
    ]
    return shown, page


def of_student(student: Student, at: datetime) -> Attending:
    """For the school's team: whatever this person had or has."""
    found = Registration.objects.filter(student=student).exclude(state=State.LAPSED).for_lists()
    tickets = [one for one in Ticket.objects.filter(student=student).for_lists() if _is_worth_showing(one, at)]
    return _attending(student, [place(one, at) for one in _worth_showing(found, at)], tickets, at)


def _worth_showing(found: Iterable[Registration], at: datetime) -> list[Registration]:
    return [one for one in found if _is_worth_showing(one, at)]


def _is_worth_showing(seat: Seat, at: datetime) -> bool:
    return seat.takes_a_place(at) or not (seat.is_live or seat.state == State.LAPSED)


def place(registration: Registration, at: datetime) -> Place:
    listed = Listed(registration.offer, dates.local(at).date())
    moves, gives = (_may(registration, until, at) for until in (settings.MOVE_UNTIL_CLASS, settings.GIVE_UNTIL_CLASS))
    said = words.of_place(registration, at), words.of_payment(registration, at)
    return Place(registration, listed, *said, moves, gives)


def _may(registration: Registration, until: int, at: datetime) -> bool:
    return registration.state == State.CONFIRMED and in_time(registration, until, at)


def single(ticket: Ticket, at: datetime, registered: Collection[int] = ()) -> Single:
    """`registered` are the classes in which the student has a place."""
    over = ticket.meeting.ends_at <= at
    stays = ticket.state == State.CONFIRMED and ticket.offer_id not in registered and not _has_ended(ticket, at)
    return Single(ticket, words.of_ticket(ticket, at), words.of_payment(ticket, at), over, stays)


def _has_ended(ticket: Ticket, at: datetime) -> bool:
    return ticket.offer.session.end_date < dates.local(at).date()


def _attending(student: Student, places: list[Place], tickets: list[Ticket], at: datetime) -> Attending:
    now = [one for one in places if one.registration.is_live and not _is_over(one, at)]
    registered = {one.registration.offer_id for one in places if one.registration.is_live}
    singles = [single(ticket, at, registered) for ticket in tickets]
    return Attending(student, sorted(now, key=_first), [one for one in places if one not in now], singles)


def _is_over(one: Place, at: datetime) -> bool:
    return one.listed.last is not None and one.listed.last.ends_at <= at


def _first(one: Place) -> tuple[bool, datetime]:
    first = one.listed.first
    return first is None, first.starts_at if first else one.registration.created_at
