"""The current and past classes, drop-ins and trials of an account's students."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import prefetch_related_objects

from billing.domain.status_text import StatusText
from classwork.domain.catalog.class_summary import ClassSummary
from classwork.models import Subject
from common import dates
from registrations.domain import calendar_feeds, status_text
from registrations.domain.calendar_links import CalendarLinks
from registrations.domain.change_deadlines import is_before_deadline
from registrations.domain.upgrades import upgrades
from registrations.models import Registration
from registrations.models.registrations import RegistrationQuerySet
from users.models import Student, User

State = Registration.State
PER_PAGE = 50


@dataclass(frozen=True)
class MyRegistration:
    registration: Registration
    listed: ClassSummary
    state: StatusText
    payment: StatusText
    may_transfer_to_class: bool = False
    may_transfer_to_person: bool = False
    """Whether the spot can be transferred to another person."""


@dataclass(frozen=True)
class MyTicket:
    """A drop-in or a trial."""

    ticket: Registration
    state: StatusText
    payment: StatusText
    is_over: bool
    may_upgrade: bool

    @property
    def is_cancelable(self) -> bool:
        return self.ticket.is_live and not self.is_over

    @property
    def address(self) -> str:
        return upgrades.ticket_url(self.ticket)


@dataclass(frozen=True)
class StudentClasses:
    student: Student
    current: list[MyRegistration]
    past: list[MyRegistration]
    tickets: list[MyTicket]

    @property
    def all(self) -> list[MyRegistration]:
        return [*self.current, *self.past]

    @property
    def highest_subjects(self) -> list[Subject]:
        finished = [spot.registration for spot in self.past if spot.registration.state == State.CONFIRMED]
        subjects = [registration.class_offer.subject for registration in finished]
        top = max((subject.level_number for subject in subjects), default=None)
        return list(dict.fromkeys(subject for subject in subjects if subject.level_number == top))

    @property
    def calendar_field(self) -> str:
        return f"calendar-link-{self.student.pk}"

    @property
    def calendar(self) -> CalendarLinks | None:
        address = calendar_feeds.student_feed_url(self.student)
        return CalendarLinks(address, f"{settings.BUSINESS_NAME}: {self.student}") if address else None


def classes_of_account(
    user: User, at: datetime, number: str | int | None = 1
) -> tuple[list[StudentClasses], Page[Any]]:
    """Lists the account's owner first, then the people in their care. Pages hold the latest classes first."""
    in_care = Student.objects.in_care_of(user).select_related("calendar_feed")
    students = sorted(in_care, key=lambda student: (student.user_id != user.pk, student.name_key))
    registrations = Registration.objects.filter(student__in=students).exclude(meeting=None, state=State.EXPIRED)
    latest = registrations.order_by("-class_offer__session__key_day_date", "-meeting__starts_at", "-pk")
    ids = list(latest.values_list("pk", "meeting"))
    whole_classes, single_days = ([pk for pk, day in ids if (day is None) is whole] for whole in (True, False))
    page: Page[Any] = Paginator([*zip_longest(whole_classes, single_days)], PER_PAGE).get_page(number)
    on_page = [pk for pair in page for pk in pair if pk is not None]
    spots, tickets = _spots_and_tickets(Registration.objects.filter(pk__in=on_page), at)
    classes = [
        _build_student_classes(
            student,
            [spot for spot in spots if spot.registration.student_id == student.pk],
            [ticket for ticket in tickets if ticket.student_id == student.pk],
            at,
        )
        for student in students
    ]
    return classes, page


def classes_of_student(student: Student, at: datetime) -> StudentClasses:
    spots, tickets = _spots_and_tickets(Registration.objects.filter(student=student), at)
    return _build_student_classes(student, spots, tickets, at)


def _spots_and_tickets(
    registrations: RegistrationQuerySet, at: datetime
) -> tuple[list[MyRegistration], list[Registration]]:
    """Leaves out expired holds."""
    shown = [
        registration
        for registration in registrations.for_lists()
        if registration.takes_a_spot(at) or not (registration.is_live or registration.state == State.EXPIRED)
    ]
    tickets = sorted((each for each in shown if each.is_for_single_meeting), key=lambda each: each.day.starts_at)
    return describe_registrations([each for each in shown if not each.is_for_single_meeting], at), tickets


def describe_registrations(registrations: Iterable[Registration], at: datetime) -> list[MyRegistration]:
    registrations = list(registrations)
    # Only the status of a spot that somebody else took over names that person.
    transferred = [registration for registration in registrations if registration.state == State.TRANSFERRED]
    prefetch_related_objects(transferred, "line__registrations")
    return [describe_registration(registration, at) for registration in registrations]


def describe_registration(registration: Registration, at: datetime) -> MyRegistration:
    is_confirmed = registration.state == State.CONFIRMED
    return MyRegistration(
        registration,
        ClassSummary(registration.class_offer, dates.to_local_time(at).date()),
        status_text.registration_status(registration, at),
        status_text.spot_payment_status(registration, at),
        may_transfer_to_class=is_confirmed and is_before_deadline(registration, settings.TRANSFER_UNTIL_CLASS, at),
        may_transfer_to_person=is_confirmed
        and is_before_deadline(registration, settings.TRANSFER_TO_PERSON_UNTIL_CLASS, at),
    )


def describe_ticket(ticket: Registration, at: datetime, registered: Collection[int] = ()) -> MyTicket:
    is_over = ticket.day.ends_at <= at
    may_upgrade = (
        ticket.state == State.CONFIRMED
        and ticket.class_offer_id not in registered
        and ticket.class_offer.session.end_date >= dates.to_local_time(at).date()
    )
    return MyTicket(
        ticket, status_text.ticket_status(ticket, at), status_text.spot_payment_status(ticket, at), is_over, may_upgrade
    )


def _build_student_classes(
    student: Student, spots: list[MyRegistration], tickets: list[Registration], at: datetime
) -> StudentClasses:
    current: list[MyRegistration] = []
    past: list[MyRegistration] = []
    for spot in spots:
        last = spot.listed.last
        is_over = last is not None and last.ends_at <= at
        (current if spot.registration.is_live and not is_over else past).append(spot)
    registered = {spot.registration.class_offer_id for spot in spots if spot.registration.is_live}
    my_tickets = [describe_ticket(ticket, at, registered) for ticket in tickets]
    return StudentClasses(student, sorted(current, key=_first_start_key), past, my_tickets)


def _first_start_key(spot: MyRegistration) -> tuple[bool, datetime]:
    first = spot.listed.first
    return first is None, first.starts_at if first else spot.registration.created_at
