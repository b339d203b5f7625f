"""Spots in a class, or in one of its meetings: held, then confirmed or expired; a confirmed one can be put on hold,
canceled or transferred."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from billing.errors import ProductUnavailable
from billing.models import OrderLine
from classwork.models import ClassOffer
from outbox.domain import emit
from registrations import events
from registrations.domain import admission, attendees, capacity, eligibility, notifications, transitions
from registrations.domain.line_details import AttendeeDetails
from registrations.domain.tickets import admission as ticket_admission
from registrations.domain.tickets import sales
from registrations.models import Registration
from users.models import Student, User

State = Registration.State
FULFILLED_STATES = (State.CONFIRMED, State.ON_HOLD)

PASSED_ON = "Transferred to someone else."
BOUGHT_AT_ONCE = "Someone else is buying this right now. Please try again."


@transaction.atomic
def hold_spot(line: OrderLine) -> Registration:
    """The spot is held as long as its order, which says until when."""
    attendees.assign_students(line.order)
    student = attendees.student_of_line(line)
    if student is None:
        raise ProductUnavailable(attendees.NOBODY)
    class_offer = capacity.lock_classes_of_order(line)
    at = timezone.now()
    registration = _expire_and_find_registration(class_offer, line, at)
    if registration and registration.is_live:
        return registration
    registration = registration or Registration(line=line, class_offer=class_offer, student=student)
    return _admit_and_hold(registration, line, class_offer, at)


def _expire_and_find_registration(class_offer: ClassOffer, line: OrderLine, at: datetime) -> Registration | None:
    transitions.expire_holds(Registration.objects.overdue(at).filter(class_offer=class_offer))
    # A trial of the same student in another class may expire this hold without the lock of this class.
    found = Registration.objects.select_for_update(of=("self",)).select_related("student__user", "student__guardian")
    return found.filter(line=line).first()


def _admit_and_hold(registration: Registration, line: OrderLine, class_offer: ClassOffer, at: datetime) -> Registration:
    meeting = sales.meeting_of_line(line) if attendees.is_ticket(line) else None
    if meeting is None:
        admitted = admission.admit_line(line, class_offer, at)
    else:
        class_offer, admitted = meeting.class_offer, ticket_admission.admit_guest(line, meeting, at)
    registration.meeting, registration.role, registration.over_capacity = meeting, admitted.role, admitted.over_capacity
    details = AttendeeDetails.from_line(line)
    registration.readiness, registration.referral_source = details.readiness, details.referral_source
    registration.trial_of = class_offer.subject if line.is_trial else None
    _choose_student_record(registration, line, class_offer, at)
    try:
        with transaction.atomic():
            transitions.start_hold(registration)
    except IntegrityError as conflict:  # The same student takes up the same trial in another class.
        raise ProductUnavailable(BOUGHT_AT_ONCE) from conflict
    return registration


def _choose_student_record(registration: Registration, line: OrderLine, class_offer: ClassOffer, at: datetime) -> None:
    """A buyer who speaks for the student learns what prevents the registration. For others, the office sorts it
    out."""
    student, meeting, trial = registration.student, registration.meeting, registration.is_trial
    if trial:
        overdue = Registration.objects.overdue(at).filter(student=student)
        transitions.expire_holds(overdue.select_for_update(of=("self",)))
    conflict = eligibility.find_student_conflict(student, class_offer, meeting, trial=trial)
    if conflict and attendees.payer_speaks_for(line, student):
        raise ProductUnavailable(conflict.message)
    registration.conflict, registration.duplicate_of = conflict.message if conflict else "", None
    if conflict and conflict.concerns_record:
        registration.student, registration.duplicate_of = attendees.create_duplicate(student), student
    else:
        attendees.equalize_work(student)


@transaction.atomic
def confirm_hold(line: OrderLine) -> Registration:
    class_offer = capacity.lock_classes_of_order(line)
    at = timezone.now()
    registration = _expire_and_find_registration(class_offer, line, at)
    if registration is None or registration.state in (State.CANCELED, State.TRANSFERRED):
        raise ProductUnavailable("This spot was released.")
    if registration.state == State.EXPIRED:
        registration = _admit_and_hold(registration, line, class_offer, at)
    if registration.state == State.HELD:
        transitions.confirm_spot(registration, at)
        notifications.draft_registered_mail(registration)
        if class_offer.is_tentative:
            emit(
                events.TENTATIVE_CLASS_JOINED, key=f"{registration.pk} {at.isoformat()}", class_offer_id=class_offer.pk
            )
    return registration


@transaction.atomic
def release_spot(line: OrderLine, why: str) -> None:
    capacity.lock_classes_of_order(line)
    live = Registration.objects.live().select_related("student__user", "student__guardian")
    registration = live.filter(line=line).first()
    if registration is None:
        return
    has_expired = registration.state == State.HELD and line.order.has_expired()
    transitions.end_spot(registration, State.EXPIRED if has_expired else State.CANCELED, why)
    notifications.draft_canceled_mail(registration, line)


@transaction.atomic
def mark_transferred(line: OrderLine) -> None:
    """For a ticket, it means that the student joined the class."""
    capacity.lock_class(capacity.class_id_of_line(line))
    registration = Registration.objects.live().filter(line=line).first()
    if registration is not None:
        transitions.end_spot(registration, State.TRANSFERRED, "")


def hand_over_spot(registration: Registration, student: Student, readiness: str, at: datetime) -> Registration:
    """Hands the spot over in the same role, so that it is never free in between. The caller holds the class's lock."""
    is_registered = eligibility.is_in_class(student, registration.class_offer_id)
    transitions.end_spot(registration, State.TRANSFERRED, PASSED_ON, at)
    notifications.draft_transferred_mail(registration)
    new_registration = Registration(
        student=attendees.create_duplicate(student) if is_registered else student,
        duplicate_of=student if is_registered else None,
        conflict=eligibility.ALREADY.format(student) if is_registered else "",
        class_offer=registration.class_offer,
        line=registration.line,
        role=registration.role,
        readiness=readiness,
        over_capacity=registration.over_capacity,
    )
    transitions.start_hold(new_registration)
    transitions.confirm_spot(new_registration, at)
    notifications.draft_registered_mail(new_registration)
    return new_registration


# -- disputes ------------------------------------------------------------------------------------------------------


@transaction.atomic
def suspend_spot(registration: Registration, *, why: str, by: User | None = None) -> bool:
    """The spot stays taken while a dispute is open. Returns False if its state has changed."""
    return _lock_and_change_state(registration, State.CONFIRMED, State.ON_HOLD, why, by)


@transaction.atomic
def resume_spot(registration: Registration, *, why: str = "", by: User | None = None) -> bool:
    return _lock_and_change_state(registration, State.ON_HOLD, State.CONFIRMED, why, by)


def _lock_and_change_state(registration: Registration, before: str, after: str, why: str, by: User | None) -> bool:
    capacity.lock_class(registration.class_offer_id)
    return transitions.change_spot_state(registration, before, after, why, by)
