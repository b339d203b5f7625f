"""Spots in a class, or in one of its meetings: held, then confirmed or expired; a confirmed one can be put on hold,
canceled or transferred."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from billing.errors import ProductUnavailable
from billing.models import Order, OrderLine
from classwork.models import ClassOffer
from outbox.domain import emit
from registrations import events
from registrations.domain import admission, attendees, capacity, eligibility, notifications, transitions
from registrations.domain.eligibility import StudentSpots
from registrations.domain.line_details import AttendeeDetails
from registrations.models import Registration
from users.models import Student, User

State = Registration.State
FULFILLED_STATES = (State.CONFIRMED, State.ON_HOLD)

PASSED_ON = "Transferred to someone else."
RELEASED = "This spot was released."
BOUGHT_AT_ONCE = "Someone else is buying this right now. Please try again."


@transaction.atomic
def hold_spots(lines: Sequence[OrderLine]) -> None:
    """All lines are of one order, which says until when. Either all of them get a spot, or ProductUnavailable names
    the one that gets none. The number of statements grows only with new students."""
    order = lines[0].order
    attendees.assign_students(lines)
    class_offers, at = capacity.lock_classes_of_order(lines), timezone.now()
    _expire_holds(class_offers, at)
    _hold_missing_spots(lines, class_offers, _load_registrations(order), at)


def _expire_holds(class_offers: Iterable[int], at: datetime) -> None:
    transitions.end_spots(Registration.objects.overdue(at).filter(class_offer__in=class_offers), State.EXPIRED, "", at)


def _load_registrations(order: Order) -> dict[int, Registration]:
    """Returns the latest registration of each line."""
    # A trial of the same student in another class may expire this hold without the lock of this class.
    found = Registration.objects.select_for_update(of=("self",)).select_related("student__user", "student__guardian")
    return {each.line_id: each for each in found.filter(line__order=order).order_by("pk") if each.line_id is not None}


def _hold_missing_spots(
    lines: Sequence[OrderLine],
    class_offers: Mapping[int, ClassOffer],
    registrations: dict[int, Registration],
    at: datetime,
) -> None:
    held = {line_id: each.role for line_id, each in registrations.items() if each.is_live}
    missing = [line for line in lines if line.pk not in held]
    if not missing:
        return
    prefetch_related_objects(missing, "student__user", "student__guardian")
    if gone := next((line for line in missing if line.product_id not in class_offers), None):
        raise ProductUnavailable("This class is no longer offered.", title=gone.title)
    needed = {line.product_id: class_offers[line.product_id] for line in missing}
    if any(line.part_id is not None for line in missing):
        prefetch_related_objects(list(needed.values()), "meetings")
    snapshots = admission.load_snapshots(needed.values(), missing, at)
    admitted = admission.admit_lines(missing, snapshots, held, at)
    to_hold = [_registration_to_hold(line, registrations) for line in missing]
    spots = _load_student_spots({registration.student_id for registration in to_hold}, missing, at)
    for line, registration in zip(missing, to_hold, strict=True):
        registration.class_offer = needed[line.product_id]
        registration.meeting_id, registration.trial_of_id = line.part_id, None
        if line.is_trial:
            registration.trial_of_id = registration.class_offer.subject_id
        spot, typed = admitted[line.pk], AttendeeDetails.from_line(line)
        registration.role, registration.over_capacity = spot.role, spot.over_capacity
        registration.readiness, registration.referral_source = typed.readiness, typed.referral_source
        _choose_student_record(registration, line, spots)
        spots.add(registration)
    try:
        with transaction.atomic():
            transitions.start_holds(to_hold)
    except IntegrityError as conflict:  # The same student takes up the same trial in another class.
        raise ProductUnavailable(BOUGHT_AT_ONCE, title=missing[0].title) from conflict


def _registration_to_hold(line: OrderLine, registrations: Mapping[int, Registration]) -> Registration:
    if line.pk in registrations:
        return registrations[line.pk]
    if line.student is None:
        raise ProductUnavailable(attendees.NOBODY, title=line.title)
    return Registration(line=line, student=line.student)


def _load_student_spots(student_ids: Collection[int], lines: Sequence[OrderLine], at: datetime) -> StudentSpots:
    if any(line.is_trial for line in lines):
        overdue = Registration.objects.overdue(at).filter(student__in=student_ids)
        transitions.end_spots(overdue.select_for_update(of=("self",)), State.EXPIRED, "", at)
    return StudentSpots.load(student_ids, lines, at)


def _choose_student_record(registration: Registration, line: OrderLine, spots: StudentSpots) -> None:
    """A buyer who speaks for the student learns what prevents the registration. For others, the office sorts it
    out."""
    student = registration.student
    conflict = spots.find_conflict(line, student, registration.class_offer)
    if conflict and attendees.payer_speaks_for(line, student):
        raise ProductUnavailable(conflict.message, title=line.title)
    registration.conflict, registration.duplicate_of = conflict.message if conflict else "", None
    if conflict and conflict.concerns_record:
        registration.student, registration.duplicate_of = attendees.create_duplicate(student), student
    else:
        attendees.equalize_work(student)


@transaction.atomic
def confirm_spots(lines: Sequence[OrderLine]) -> dict[int, str]:
    """Confirms the spots of lines of one order. Returns why a spot cannot be confirmed, by the ids of such lines."""
    class_offers, at = capacity.lock_classes_of_order(lines), timezone.now()
    registrations = _load_registrations(lines[0].order)
    problems: dict[int, str] = {}
    held = []
    for line in lines:
        registration = registrations.get(line.pk)
        if registration is None or registration.state in (State.CANCELED, State.TRANSFERRED):
            problems[line.pk] = RELEASED
            continue
        if registration.state == State.EXPIRED:
            _expire_holds(class_offers, at)
            try:
                with transaction.atomic():
                    _hold_missing_spots([line], class_offers, registrations, at)
            except ProductUnavailable as unavailable:
                problems[line.pk] = str(unavailable)
                continue
        if registration.state == State.HELD:
            registration.line = line
            held.append(registration)
    _confirm_and_mail(held, class_offers, at)
    return problems


def _confirm_and_mail(
    registrations: Sequence[Registration], class_offers: Mapping[int, ClassOffer], at: datetime
) -> None:
    transitions.confirm_spots(registrations, at)
    prefetch_related_objects([each.ordered_line for each in registrations], "registrations")
    mailed: set[object] = set()
    for registration in registrations:
        # One mail tells a student about all classes in an order.
        subject = registration.student_id, registration.meeting_id, registration.ordered_line.moved_from_id
        if subject not in mailed or registration.taken_over_from:
            notifications.draft_registered_mail(registration)
        mailed.add(subject)
        if class_offers[registration.class_offer_id].is_tentative:
            key = f"{registration.pk} {at.isoformat()}"
            emit(events.TENTATIVE_CLASS_JOINED, key=key, class_offer_id=registration.class_offer_id)


@transaction.atomic
def release_spot(line: OrderLine, why: str) -> None:
    capacity.lock_classes_of_order([line])
    live = Registration.objects.live().select_related("student__user", "student__guardian")
    for registration in live.filter(line=line):
        has_expired = registration.state == State.HELD and line.order.has_expired()
        transitions.end_spots([registration], State.EXPIRED if has_expired else State.CANCELED, why)
        notifications.draft_canceled_mail(registration, line)


@transaction.atomic
def mark_transferred(line: OrderLine) -> None:
    """For a ticket, it means that the student joined the class."""
    capacity.lock_class(line.product_id)
    transitions.end_spots(Registration.objects.live().filter(line=line), State.TRANSFERRED, "")


def hand_over_spot(registration: Registration, student: Student, readiness: str, at: datetime) -> Registration:
    """Hands the spot over in the same role, so that it is never free in between. The caller holds the class's lock."""
    is_registered = eligibility.is_in_class(student, registration.class_offer_id)
    transitions.end_spots([registration], State.TRANSFERRED, PASSED_ON, at)
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
    transitions.start_holds([new_registration])
    transitions.confirm_spots([new_registration], at)
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
