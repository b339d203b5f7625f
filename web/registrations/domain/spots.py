"""The states of a registration: held, then confirmed or expired; a confirmed one can be put on hold, canceled or
transferred."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing.errors import ProductUnavailable
from billing.models import OrderLine
from classwork.models import ClassOffer
from registrations.domain import admission, attendees, capacity, transitions
from registrations.domain.admission import AdmittedSpot
from registrations.domain.line_details import AttendeeDetails
from registrations.models import Registration, Spot, Ticket
from users.models import Student, User

State = Registration.State
FULFILLED_STATES = (State.CONFIRMED, State.ON_HOLD)

PASSED_ON = "Transferred to someone else."
ALREADY = "{} already has a spot in this class."


@transaction.atomic
def hold_spot(line: OrderLine, until: datetime | None) -> Registration:
    attendees.assign_students(line.order)
    student = attendees.student_of_line(line)
    if student is None:
        raise ProductUnavailable(attendees.NOBODY)
    class_offer = capacity.lock_classes_of_order(line)
    at = timezone.now()
    registration = _expire_and_find_registration(class_offer, line, at)
    if registration and registration.is_live:
        Registration.objects.filter(pk=registration.pk, state=State.HELD).update(held_until=until)
        return registration
    admitted = admission.admit_line(line, class_offer, at)
    student = _attendee_or_duplicate(line, registration.student if registration else student, class_offer)
    return _hold_registration(
        registration or Registration(line=line, class_offer=class_offer), student, until, admitted
    )


def _expire_and_find_registration(class_offer: ClassOffer, line: OrderLine, at: datetime) -> Registration | None:
    transitions.expire_holds(Registration.objects.filter(class_offer=class_offer, state=State.HELD, held_until__lte=at))
    return Registration.objects.select_related("student__user").filter(line=line).first()


def _attendee_or_duplicate(line: OrderLine, student: Student, class_offer: ClassOffer) -> Student:
    """A buyer who speaks for the student learns of the duplicate. For others, the office sorts it out."""
    is_duplicate = Registration.objects.live().filter(student=student, class_offer=class_offer).exists()
    if is_duplicate and attendees.payer_speaks_for(line, student):
        raise ProductUnavailable(ALREADY.format(student))
    replace(AttendeeDetails.from_line(line), duplicate_of=student.pk if is_duplicate else None).save_to(line)
    if is_duplicate:
        return attendees.create_duplicate(student)
    attendees.equalize_work(student)
    return student


def _hold_registration(
    registration: Registration, student: Student, until: datetime | None, admitted: AdmittedSpot
) -> Registration:
    details = AttendeeDetails.from_line(registration.line) if registration.line else AttendeeDetails()
    registration.student, registration.role, registration.over_capacity = student, admitted.role, admitted.over_capacity
    registration.readiness, registration.referral_source = details.readiness, details.referral_source
    transitions.start_hold(registration, until)
    return registration


@transaction.atomic
def confirm_hold(line: OrderLine) -> Registration:
    class_offer = capacity.lock_classes_of_order(line)
    at = timezone.now()
    registration = _expire_and_find_registration(class_offer, line, at)
    if registration is None or registration.state in (State.CANCELED, State.TRANSFERRED):
        raise ProductUnavailable("This spot was released.")
    if registration.state == State.EXPIRED:
        student = _attendee_or_duplicate(line, registration.student, class_offer)
        registration = _hold_registration(registration, student, None, admission.admit_line(line, class_offer, at))
    if registration.state == State.HELD:
        transitions.confirm_spot(registration, at)
    return registration


@transaction.atomic
def release_spot(line: OrderLine, why: str) -> None:
    capacity.lock_classes_of_order(line)
    registration = Registration.objects.live().filter(line=line).first()
    if registration is None:
        return
    has_expired = registration.state == State.HELD and line.order.has_expired()
    transitions.end_spot(registration, State.EXPIRED if has_expired else State.CANCELED, why)


@transaction.atomic
def mark_transferred(line: OrderLine) -> None:
    capacity.lock_class(line.product_id)
    registration = Registration.objects.live().filter(line=line).first()
    if registration is not None:
        transitions.end_spot(registration, State.TRANSFERRED, "")


def hand_over_spot(registration: Registration, student: Student, readiness: str, at: datetime) -> Registration:
    """Hands the spot over in the same role, so that it is never free in between. The caller holds the class's lock."""
    transitions.end_spot(registration, State.TRANSFERRED, PASSED_ON, at)
    new_registration = Registration(
        student=student,
        class_offer=registration.class_offer,
        line=registration.line,
        role=registration.role,
        readiness=readiness,
        over_capacity=registration.over_capacity,
    )
    transitions.start_hold(new_registration, None)
    transitions.confirm_spot(new_registration, at)
    return new_registration


# -- disputes ------------------------------------------------------------------------------------------------------


@transaction.atomic
def suspend_spot(spot: Spot, *, why: str, by: User | None = None) -> bool:
    """The spot stays taken while a dispute is open. Returns False if its state has changed."""
    return _lock_and_change_state(spot, State.CONFIRMED, State.ON_HOLD, why, by)


@transaction.atomic
def resume_spot(spot: Spot, *, why: str = "", by: User | None = None) -> bool:
    return _lock_and_change_state(spot, State.ON_HOLD, State.CONFIRMED, why, by)


def _lock_and_change_state(spot: Spot, before: str, after: str, why: str, by: User | None) -> bool:
    capacity.lock_class(spot.class_offer_id)
    return transitions.change_spot_state(spot, before, after, why, by)


# -- the job -------------------------------------------------------------------------------------------------------


def expire_due_holds() -> int:
    """Cleans up expired holds. Nothing depends on it, because every query compares the time of the hold."""
    at = timezone.now()
    overdue = {"state": State.HELD, "held_until__lte": at}
    registrations = Registration.objects.filter(**overdue).order_by("held_until")[:500]
    tickets = Ticket.objects.filter(**overdue).select_related("meeting").order_by("held_until")[:500]
    return sum(_expire_locked_hold(spot, overdue) for spot in [*registrations, *tickets])


@transaction.atomic
def _expire_locked_hold(spot: Spot, overdue: dict[str, Any]) -> int:
    capacity.lock_class(spot.class_offer_id)
    return transitions.expire_holds(type(spot).objects.filter(pk=spot.pk, **overdue))
