"""The states of a ticket: held, then confirmed or expired; a confirmed one can be put on hold, canceled or turned into
a registration."""

from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from billing.errors import ProductUnavailable
from billing.models import OrderLine
from classwork.models import Meeting
from registrations.domain import attendees, capacity, transitions
from registrations.domain.line_details import AttendeeDetails
from registrations.domain.spots import ALREADY
from registrations.domain.tickets import admission, sales, trials
from registrations.domain.transitions import State
from registrations.models import Registration, Ticket
from users.models import Student

HAS_TICKET = "{} already has a ticket for that day."
BOUGHT_AT_ONCE = "Someone else is buying this right now. Please try again."
FULFILLED_STATES = (State.CONFIRMED, State.ON_HOLD, State.TRANSFERRED)


def meeting_of_line(line: OrderLine) -> Meeting:
    found = Meeting.objects.select_related(
        "class_offer__subject__level", "class_offer__session", "class_offer__location"
    )
    meeting = found.filter(pk=line.product_id).first()
    if meeting is None:
        raise ProductUnavailable("This class no longer exists.")
    return meeting


def is_trial(line: OrderLine) -> bool:
    return AttendeeDetails.from_line(line).trial


def closed_reason_for_line(line: OrderLine, meeting: Meeting, at: datetime) -> str:
    details = AttendeeDetails.from_line(line)
    return sales.ticket_closed_reason(meeting, at, trial=details.trial, by_desk=details.by_desk)


@transaction.atomic
def hold_ticket(line: OrderLine, until: datetime | None) -> Ticket:
    attendees.assign_students(line.order)
    student = attendees.student_of_line(line)
    if student is None:
        raise ProductUnavailable(attendees.NOBODY)
    capacity.lock_classes_of_order(line)
    ticket = _expire_and_find_ticket(line, timezone.now())
    if ticket and ticket.is_live:
        Ticket.objects.filter(pk=ticket.pk, state=State.HELD).update(held_until=until)
        return ticket
    return _admit_and_hold_ticket(line, ticket, ticket.student if ticket else student, until)


def _expire_and_find_ticket(line: OrderLine, at: datetime) -> Ticket | None:
    transitions.expire_holds(Ticket.objects.filter(meeting=line.product_id, state=State.HELD, held_until__lte=at))
    found = Ticket.objects.select_for_update(of=("self",)).select_related("student__user", "meeting__class_offer")
    return found.filter(line=line).first()


def _admit_and_hold_ticket(line: OrderLine, ticket: Ticket | None, student: Student, until: datetime | None) -> Ticket:
    at, meeting = timezone.now(), meeting_of_line(line)
    if reason := closed_reason_for_line(line, meeting, at):
        raise ProductUnavailable(reason)
    role = admission.admit_guest(line, meeting, at)
    ticket = ticket or Ticket(
        line=line, meeting=meeting, trial_of=meeting.class_offer.subject if is_trial(line) else None
    )
    ticket.student, ticket.role = _guest_or_duplicate(line, student, meeting, at), role
    try:
        with transaction.atomic():
            transitions.start_hold(ticket, until)
    except IntegrityError as conflict:
        raise ProductUnavailable(BOUGHT_AT_ONCE) from conflict
    return ticket


def _guest_or_duplicate(line: OrderLine, student: Student, meeting: Meeting, at: datetime) -> Student:
    """A buyer who speaks for the student learns what prevents the ticket. For others, the office sorts it out."""
    overdue = Ticket.objects.filter(student=student, state=State.HELD, held_until__lte=at)
    transitions.expire_holds(overdue.select_for_update(of=("self",)).select_related("meeting"))
    refusal = student_refusal(student, meeting, trial=is_trial(line))
    if refusal and attendees.payer_speaks_for(line, student):
        raise ProductUnavailable(refusal)
    is_double = bool(refusal) and _would_be_duplicate(student, meeting, trial=is_trial(line))
    details = AttendeeDetails.from_line(line)
    replace(details, duplicate_of=student.pk if is_double else None, remark=refusal).save_to(line)
    if is_double:
        return attendees.create_duplicate(student)
    attendees.equalize_work(student)
    return student


def student_refusal(student: Student, meeting: Meeting, *, trial: bool) -> str:
    if Ticket.objects.live().filter(student=student, meeting=meeting).exists():
        return HAS_TICKET.format(student)
    if Registration.objects.live().filter(student=student, class_offer=meeting.class_offer).exists():
        return ALREADY.format(student)
    return trials.trial_refusal(student, meeting.class_offer.subject) if trial else ""


def _would_be_duplicate(student: Student, meeting: Meeting, *, trial: bool) -> bool:
    there = Ticket.objects.live().filter(student=student, meeting=meeting).exists()
    return there or (trial and trials.has_had_trial(student, meeting.class_offer.subject))


@transaction.atomic
def confirm_ticket(line: OrderLine) -> Ticket:
    capacity.lock_classes_of_order(line)
    at = timezone.now()
    ticket = _expire_and_find_ticket(line, at)
    if ticket is None or ticket.state in (State.CANCELED, State.TRANSFERRED):
        raise ProductUnavailable("This booking was canceled.")
    if ticket.state == State.EXPIRED:
        ticket = _admit_and_hold_ticket(line, ticket, ticket.student, None)
    if ticket.state == State.HELD:
        transitions.confirm_spot(ticket, at)
    return ticket


@transaction.atomic
def release_ticket(line: OrderLine, why: str, state: str = State.CANCELED) -> None:
    capacity.lock_classes_of_order(line)
    ticket = Ticket.objects.live().filter(line=line).select_related("meeting").first()
    if ticket is None:
        return
    has_expired = ticket.state == State.HELD and line.order.has_expired()
    transitions.end_spot(ticket, State.EXPIRED if has_expired else state, why)
