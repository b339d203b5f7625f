"""The life of a place: held → confirmed | lapsed; confirmed → on hold, cancelled. Each step under the offer's lock."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing.kinds import Unavailable
from billing.models import OrderLine
from classwork.domain.places import arrows, attendees, room
from classwork.domain.places.waiting import admission
from classwork.domain.places.waiting.admission import Seat
from classwork.models import ClassOffer, Registration, Ticket
from users.models import Student, User

State = Registration.State
THEIRS = (State.CONFIRMED, State.ON_HOLD)

PASSED_ON = "Transferred to someone else."
ALREADY = "{} already has a spot in this class."


@transaction.atomic
def hold(line: OrderLine, until: datetime | None) -> Registration:
    attendees.settle(line.order)
    student = attendees.of_line(line)
    if student is None:
        raise Unavailable(attendees.NOBODY)
    offer = room.lock_for(line)
    at = timezone.now()
    mine = _tidied(offer, line, at)
    if mine and mine.is_live:
        Registration.objects.filter(pk=mine.pk, state=State.HELD).update(held_until=until)
        return mine
    seat = admission.admit(line, offer, at)
    student = _once(line, mine.student if mine else student, offer)
    return _take(mine or Registration(line=line, offer=offer), student, until, seat)


def _tidied(offer: ClassOffer, line: OrderLine, at: datetime) -> Registration | None:
    """What the line has; before that, holds that are over are written down, so that they stand in nobody's way."""
    arrows.lapse(Registration.objects.filter(offer=offer, state=State.HELD, held_until__lte=at))
    return Registration.objects.select_related("student__user").filter(line=line).first()


def _once(line: OrderLine, student: Student, offer: ClassOffer) -> Student:
    """Whoever is logged in and speaks for the student is told of a second registration; for others it is a case."""
    is_there = Registration.objects.live().filter(student=student, offer=offer).exists()
    if is_there and attendees.speaks_for(line, student):
        raise Unavailable(ALREADY.format(student))
    line.details["twin_of"] = student.pk if is_there else None
    line.save(update_fields=["details"])
    if is_there:
        return attendees.twin(student)
    attendees.touch(student)
    return student


def _take(registration: Registration, student: Student, until: datetime | None, seat: Seat) -> Registration:
    details = registration.line.details if registration.line else {}
    registration.student, registration.role, registration.over_capacity = student, seat.role, seat.over
    registration.readiness, registration.heard_from = details.get("readiness", ""), details.get("heard_from", "")
    arrows.held(registration, until)
    return registration


@transaction.atomic
def confirm(line: OrderLine) -> Registration:
    """Paid, or to be paid at the door. A hold that was over is taken again where a place is left."""
    offer = room.lock_for(line)
    at = timezone.now()
    mine = _tidied(offer, line, at)
    if mine is None or mine.state in (State.CANCELLED, State.TRANSFERRED):
        raise Unavailable("This spot was released.")
    if mine.state == State.LAPSED:
        mine = _take(mine, _once(line, mine.student, offer), None, admission.admit(line, offer, at))
    if mine.state == State.HELD:
        arrows.confirm(mine, at)
    return mine


@transaction.atomic
def release(line: OrderLine, why: str) -> None:
    room.lock_for(line)
    mine = Registration.objects.live().filter(line=line).first()
    if mine is None:
        return
    lapsed = mine.state == State.HELD and line.order.has_lapsed()
    arrows.end(mine, State.LAPSED if lapsed else State.CANCELLED, why)


@transaction.atomic
def transfer(line: OrderLine) -> None:
    """The place has become one in another class."""
    room.lock(line.product_id)
    mine = Registration.objects.live().filter(line=line).first()
    if mine is not None:
        arrows.end(mine, State.TRANSFERRED, "")


def pass_on(registration: Registration, student: Student, readiness: str, at: datetime) -> Registration:
    """The place becomes another person's, in the same role; nothing is free in between. The offer is locked."""
    arrows.end(registration, State.TRANSFERRED, PASSED_ON, at)
    theirs = Registration(
        student=student,
        offer=registration.offer,
        line=registration.line,
        role=registration.role,
        readiness=readiness,
        over_capacity=registration.over_capacity,
    )
    arrows.held(theirs, None)
    arrows.confirm(theirs, at)
    return theirs


# -- disputes ----------------------------------------------------------------------------------------------------


@transaction.atomic
def put_on_hold(seat: arrows.Seat, *, why: str, by: User | None = None) -> bool:
    """The place stays taken; what comes with it is closed until somebody decides. False if it cannot be (any more)."""
    return _move(seat, State.CONFIRMED, State.ON_HOLD, why, by)


@transaction.atomic
def take_off_hold(seat: arrows.Seat, *, why: str = "", by: User | None = None) -> bool:
    return _move(seat, State.ON_HOLD, State.CONFIRMED, why, by)


def _move(seat: arrows.Seat, before: str, after: str, why: str, by: User | None) -> bool:
    room.lock(seat.offer_id)
    return arrows.move(seat, before, after, why, by)


# -- the job -----------------------------------------------------------------------------------------------------


def lapse_due() -> int:
    """Writes down holds that are over. Nothing depends on it: a hold counts by its time, whenever it is read."""
    at = timezone.now()
    overdue = {"state": State.HELD, "held_until__lte": at}
    places = Registration.objects.filter(**overdue).order_by("held_until")[:500]
    tickets = Ticket.objects.filter(**overdue).select_related("meeting").order_by("held_until")[:500]
    return sum(_lapse(seat, overdue) for seat in [*places, *tickets])


@transaction.atomic
def _lapse(seat: arrows.Seat, overdue: dict[str, Any]) -> int:
    room.lock(seat.offer_id)
    return arrows.lapse(type(seat).objects.filter(pk=seat.pk, **overdue))
