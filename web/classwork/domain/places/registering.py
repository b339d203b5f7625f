"""The life of a place: held → confirmed | lapsed; confirmed → on hold, cancelled. Each step under the offer's lock."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from billing.kinds import Unavailable
from billing.models import OrderLine
from classwork import events
from classwork.domain.places import attendees, room
from classwork.domain.places.waiting import admission
from classwork.domain.places.waiting.admission import Seat
from classwork.models import ClassOffer, Registration
from history.domain import record
from outbox.declare import EventType
from outbox.domain import emit
from users.models import Student, User

State = Registration.State
THEIRS = (State.CONFIRMED, State.ON_HOLD, State.TRANSFERRED)

ALREADY = "{} has a place in this class already."


@transaction.atomic
def hold(line: OrderLine, until: datetime | None) -> Registration:
    attendees.settle(line.order, line.kind)
    student = attendees.of_line(line)
    if student is None:
        raise Unavailable("Please say who attends.")
    offer = room.lock(line.product_id)
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
    for late in Registration.objects.filter(offer=offer, state=State.HELD, held_until__lt=at):
        _end(late, State.LAPSED, "")
    return Registration.objects.select_related("student__user").filter(line=line).first()


def _once(line: OrderLine, student: Student, offer: ClassOffer) -> Student:
    """Whoever is logged in and speaks for the student is told of a second registration; for others it is a case."""
    is_there = Registration.objects.live().filter(student=student, offer=offer).exists()
    attendee = attendees.Attendee.of(line.details)
    is_told = line.details.get("by_desk") or (attendee and attendees.known(attendee, line.order) == student)
    if is_there and is_told:
        raise Unavailable(ALREADY.format(student))
    line.details["twin_of"] = student.pk if is_there else None
    line.save(update_fields=["details"])
    if is_there:
        return attendees.twin(student)
    attendees.touch(student)
    return student


def _take(registration: Registration, student: Student, until: datetime | None, seat: Seat) -> Registration:
    details = registration.line.details if registration.line else {}
    registration.student, registration.state, registration.held_until = student, State.HELD, until
    registration.ended_at, registration.why, registration.over_capacity = None, "", seat.over
    registration.role = seat.role
    registration.readiness, registration.heard_from = details.get("readiness", ""), details.get("heard_from", "")
    registration.save()
    _tell(events.PLACE_HELD, registration, registration.created_at if until is None else until)
    return registration


@transaction.atomic
def confirm(line: OrderLine) -> Registration:
    """Paid, or to be paid at the door. A hold that was over is taken again where a place is left."""
    offer = room.lock(line.product_id)
    at = timezone.now()
    mine = _tidied(offer, line, at)
    if mine is None or mine.state in (State.CANCELLED, State.TRANSFERRED):
        raise Unavailable("This place was given back.")
    if mine.state == State.LAPSED:
        mine = _take(mine, _once(line, mine.student, offer), None, admission.admit(line, offer, at))
    if mine.state == State.HELD:
        mine.state, mine.held_until, mine.confirmed_at = State.CONFIRMED, None, at
        mine.save(update_fields=["state", "held_until", "confirmed_at"])
        _tell(events.REGISTRATION_CONFIRMED, mine, at)
    return mine


@transaction.atomic
def release(line: OrderLine, why: str) -> None:
    room.lock(line.product_id)
    mine = Registration.objects.live().filter(line=line).first()
    if mine is None:
        return
    lapsed = mine.state == State.HELD and line.order.has_lapsed()
    _end(mine, State.LAPSED if lapsed else State.CANCELLED, why)


def _end(registration: Registration, state: str, why: str) -> None:
    was_theirs = registration.state != State.HELD
    at = timezone.now()
    registration.state, registration.ended_at, registration.held_until = state, at, None
    registration.why = why[:300]
    registration.save(update_fields=["state", "ended_at", "held_until", "why"])
    _tell(events.REGISTRATION_ENDED if was_theirs else events.HOLD_ENDED, registration, at)


def _tell(event: EventType, registration: Registration, at: datetime) -> None:
    emit(
        event,
        key=f"{registration.pk} {at.isoformat()}",
        registration_id=registration.pk,
        offer_id=registration.offer_id,
        student_id=registration.student_id,
    )


# -- disputes ----------------------------------------------------------------------------------------------------


@transaction.atomic
def put_on_hold(registration: Registration, *, why: str, by: User | None = None) -> bool:
    """The place stays taken; what comes with it is closed until somebody decides. False if it cannot be (any more)."""
    return _move(registration, State.CONFIRMED, State.ON_HOLD, why, by)


@transaction.atomic
def take_off_hold(registration: Registration, *, why: str = "", by: User | None = None) -> bool:
    return _move(registration, State.ON_HOLD, State.CONFIRMED, why, by)


def _move(registration: Registration, before: str, after: str, why: str, by: User | None) -> bool:
    room.lock(registration.offer_id)
    moved = Registration.objects.filter(pk=registration.pk, state=before).update(state=after, why=why[:300])
    if not moved:
        return False
    registration.refresh_from_db()
    event = events.REGISTRATION_SUSPENDED if after == State.ON_HOLD else events.REGISTRATION_CONFIRMED
    if by is not None:
        record(by, event.name, registration, why=why)
    _tell(event, registration, timezone.now())
    return True


# -- the job -----------------------------------------------------------------------------------------------------


def lapse_due() -> int:
    """Writes down holds that are over. Nothing depends on it: a hold counts by its time, whenever it is read."""
    at = timezone.now()
    late = Registration.objects.filter(state=State.HELD, held_until__lt=at).order_by("held_until")
    return sum(_lapse(registration, at) for registration in late[:500])


@transaction.atomic
def _lapse(registration: Registration, at: datetime) -> bool:
    room.lock(registration.offer_id)
    still = Registration.objects.filter(pk=registration.pk, state=State.HELD, held_until__lt=at).first()
    if still is not None:
        _end(still, State.LAPSED, "")
    return still is not None
