"""Adds the chosen classes and people to the cart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import product

from billing.domain.orders import cart as carts
from billing.models import Order, OrderLine
from classwork.models import ClassOffer, Level, Meeting
from registrations.domain import level_progress, skip_reasons
from registrations.domain.attendees import CLASS_KIND
from registrations.domain.capacity import Availability
from registrations.domain.line_details import ME, STUDENT, Attendee, AttendeeDetails
from registrations.models import Registration
from users.models import Student, User


@dataclass(frozen=True)
class RegistrationChoice:
    class_offers: Sequence[ClassOffer]
    attendees: Sequence[Attendee]
    readiness: str = ""
    referral_source: str = ""

    @property
    def class_ids(self) -> list[int]:
        return [class_offer.pk for class_offer in self.class_offers]


def add_registrations_to_cart(cart: Order, choice: RegistrationChoice) -> None:
    people = [
        AttendeeDetails(attendee, choice.readiness, choice.referral_source).as_json() for attendee in choice.attendees
    ]
    pairs = product(choice.class_ids, people)
    carts.add_lines(cart, [OrderLine(kind=CLASS_KIND, product_id=pk, details=details) for pk, details in pairs])


def add_tickets_to_cart(cart: Order, meeting: Meeting, people: Iterable[Attendee], *, trial: bool) -> None:
    details = [AttendeeDetails(attendee).as_json() for attendee in people]
    ticket = {"kind": CLASS_KIND, "product_id": meeting.class_offer_id, "part_id": meeting.pk, "is_trial": trial}
    carts.add_lines(cart, [OrderLine(details=each, **ticket) for each in details])


def full_class_messages(
    class_offers: Sequence[ClassOffer], availability: Mapping[int, Availability], people: int = 1
) -> list[str]:
    problems = {
        class_offer: _missing_spots_message(availability[class_offer.pk], people) for class_offer in class_offers
    }
    return [f"{class_offer.subject.title}, {class_offer.day}: {why}" for class_offer, why in problems.items() if why]


def _missing_spots_message(availability: Availability, people: int) -> str:
    if availability.is_full:
        return "This class is full."
    if availability.available_spots is None or availability.available_spots >= people:
        return ""
    needed, left = skip_reasons.number_in_words(people), skip_reasons.remaining_text(availability.available_spots)
    return f"You need {needed} spots and {left}."


def already_registered_messages(choice: RegistrationChoice, viewer: User | None) -> list[str]:
    """Only an account that speaks for a student learns that the student is registered."""
    students = _chosen_students(choice.attendees, viewer)
    live = Registration.objects.whole_class().live().filter(class_offer__in=choice.class_offers, student__in=students)
    return [
        f"{each.student} already has a spot in {each.class_offer.subject.title}, {each.class_offer.day}."
        for each in live.select_related("student", "class_offer__subject__level")
    ]


def _chosen_students(attendees: Iterable[Attendee], viewer: User | None) -> list[Student]:
    if viewer is None:
        return []
    ids = {attendee.student_id for attendee in attendees if attendee.who == STUDENT}
    in_care = list(Student.objects.in_care_of(viewer))
    wants_own = any(attendee.who == ME for attendee in attendees)
    return [student for student in in_care if student.pk in ids or (wants_own and student.user_id == viewer.pk)]


def levels_to_ask_about(choice: RegistrationChoice, viewer: User | None, at: datetime) -> list[Level]:
    """Only the viewer's own students are looked up. For all others the buyer is asked."""
    ladder = [level for level in Level.objects.filter(is_step=True) if level.rule]
    levels = {class_offer.subject.level for class_offer in choice.class_offers}
    required = {level: number for level in levels if (number := _required_level_number(level, ladder)) is not None}
    if not required:
        return []
    students = _chosen_students(choice.attendees, viewer)
    progress_by_student = level_progress.progress_of_students(students, at)
    if len(students) == len(choice.attendees):
        required = {
            level: number
            for level, number in required.items()
            if any(progress_by_student[student.pk].expected < number for student in students)
        }
    return sorted(required, key=lambda level: level.rank)


def _required_level_number(level: Level, ladder: Sequence[Level]) -> Decimal | None:
    lower_steps = [step for step in ladder if level.is_step and step.rank < level.rank and step.done is not None]
    return max(lower_steps, key=lambda step: step.rank).done if lower_steps else None


def level_below(level: Level) -> Level | None:
    return Level.objects.filter(is_step=True, rank__lt=level.rank).exclude(rule="").order_by("-rank").first()
