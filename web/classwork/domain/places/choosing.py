"""Adds the chosen classes and people to the cart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from billing.domain.orders import cart as carts
from billing.models import Order
from classwork.domain.places import progress, room
from classwork.domain.places.attendees import ME, STUDENT, TICKET, Attendee
from classwork.domain.places.attendees import PLACE as KIND
from classwork.domain.places.room import Room
from classwork.domain.places.waiting import reasons
from classwork.models import ClassOffer, Level, Registration
from users.models import Student, User


@dataclass(frozen=True)
class Choice:
    offers: Sequence[ClassOffer]
    attendees: Sequence[Attendee]
    readiness: str = ""
    heard_from: str = ""


@transaction.atomic
def put_in_cart(cart: Order, choice: Choice) -> None:
    answers = {"readiness": choice.readiness, "heard_from": choice.heard_from}
    for offer in choice.offers:
        for attendee in choice.attendees:
            details = attendee.as_details() | {name: value for name, value in answers.items() if value}
            carts.add(cart, KIND, offer.pk, details)


@transaction.atomic
def put_tickets_in_cart(cart: Order, meeting_id: int, people: Iterable[Attendee], *, trial: bool) -> None:
    for attendee in people:
        carts.add(cart, TICKET, meeting_id, attendee.as_details() | ({"trial": True} if trial else {}))


def full(offers: Sequence[ClassOffer], at: datetime, people: int = 1) -> list[str]:
    rooms = room.among(offers, at)
    problems = {offer: _lacking(rooms[offer.pk], people) for offer in offers}
    return [f"{offer.subject.title}, {offer.day}: {why}" for offer, why in problems.items() if why]


def _lacking(here: Room, people: int) -> str:
    if here.is_full:
        return "This class is full."
    if here.available_spots is None or here.available_spots >= people:
        return ""
    return f"You need {reasons.number(people)} spots and {reasons.are_left(here.available_spots)}."


def already(choice: Choice, viewer: User | None) -> list[str]:
    """Only an account that speaks for a student learns that the student is registered."""
    students = _students(choice.attendees, viewer)
    live = Registration.objects.live().filter(offer__in=choice.offers, student__in=students)
    return [
        f"{registration.student} already has a spot in {registration.offer.subject.title}, {registration.offer.day}."
        for registration in live.select_related("student", "offer__subject__level")
    ]


def _students(attendees: Iterable[Attendee], viewer: User | None) -> list[Student]:
    if viewer is None:
        return []
    ids = {attendee.student_id for attendee in attendees if attendee.who == STUDENT}
    in_care = list(Student.objects.in_care_of(viewer))
    wants_own = any(attendee.who == ME for attendee in attendees)
    return [student for student in in_care if student.pk in ids or (wants_own and student.user_id == viewer.pk)]


def asks_for_level(choice: Choice, viewer: User | None, at: datetime) -> list[Level]:
    """Only the viewer's own students are looked up. For all others the buyer is asked."""
    ladder = [level for level in Level.objects.filter(is_step=True) if level.rule]
    levels = {offer.subject.level for offer in choice.offers}
    required = {level: number for level in levels if (number := _needed(level, ladder)) is not None}
    if not required:
        return []
    students = _students(choice.attendees, viewer)
    progress_by_student = progress.among(students, at)
    if len(students) == len(choice.attendees):
        required = {
            level: number
            for level, number in required.items()
            if any(progress_by_student[student.pk].expected < number for student in students)
        }
    return sorted(required, key=lambda level: level.rank)


def _needed(level: Level, ladder: Sequence[Level]) -> Decimal | None:
    lower_steps = [step for step in ladder if level.is_step and step.rank < level.rank and step.done is not None]
    return max(lower_steps, key=lambda step: step.rank).done if lower_steps else None


def below(level: Level) -> Level | None:
    return Level.objects.filter(is_step=True, rank__lt=level.rank).exclude(rule="").order_by("-rank").first()
