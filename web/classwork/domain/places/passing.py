"""Transfers of a spot to another person, in which no money moves."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from billing import kinds
from billing.domain import locks
from billing.models import Order, OrderLine
from classwork.domain.places import attendees, moving, registering, room
from classwork.domain.places.attendees import OTHER, Attendee, Typed
from classwork.domain.places.deadlines import in_time, until
from classwork.domain.places.moving import ByDesk, CannotBe
from classwork.models import Registration
from common import names
from common.formats import format_moment
from history.domain import record
from users.models import Student, User

State = Registration.State
NOT_HERE = "This spot can’t be transferred online. Please contact the office."
TOO_LATE = "You could transfer this spot until {}. The office may be able to help."
ON_HOLD = "This spot is on hold, so it can’t be transferred right now."
PAY_FIRST = "Please pay for this spot before you transfer it."
THEIRS = "{} already has this spot."


def check(registration: Registration, by: User | ByDesk, at: datetime) -> OrderLine:
    line = registration.line
    if line is None or line.cancelled_at is not None:
        raise CannotBe(NOT_HERE)
    if registration.state == State.ON_HOLD:
        raise CannotBe(ON_HOLD)
    if registration.state != State.CONFIRMED:
        raise CannotBe(PAY_FIRST if registration.takes_a_place(at) else NOT_HERE)
    if reason := line.given_away(at):
        raise CannotBe(reason)
    if isinstance(by, User):
        _check_for(by, registration, line, at)
    return line


def _check_for(user: User, registration: Registration, line: OrderLine, at: datetime) -> None:
    number = settings.GIVE_UNTIL_CLASS
    if not in_time(registration, number, at):
        ends = until(registration, number)
        raise CannotBe(TOO_LATE.format(format_moment(ends)) if number and ends else NOT_HERE)
    if line.order.state != Order.State.PAID and not moving.pays(user, line):
        raise CannotBe(PAY_FIRST)


@transaction.atomic
def give(
    registration: Registration, to: Typed, by: User | ByDesk, at: datetime, *, readiness: str = ""
) -> Registration:
    """Raises TransferRefused. The giver never learns that the recipient already has a spot: the office sorts it out."""
    if registration.line is None:
        raise CannotBe(NOT_HERE)
    locks.order(registration.line.order_id)
    holder = registration.student
    same_name = names.key(to.first_name, to.last_name) == holder.name_key
    if same_name and to.email == attendees.address(holder):
        raise CannotBe(THEIRS.format(holder))
    student = attendees.by_address(to)
    offer = room.lock(registration.offer_id)
    registration = Registration.objects.select_related("line__order", "student__user").get(pk=registration.pk)
    line = check(registration, by, at)
    giver = str(registration.student)
    is_registered = Registration.objects.live().filter(student=student, offer=offer).exists()
    line.details["twin_of"] = student.pk if is_registered else None
    recipient = attendees.twin(student) if is_registered else student
    _rename(line, to, recipient, giver)
    new_registration = registering.pass_on(registration, recipient, readiness, at)
    staff, why = (by.staff, by.why) if isinstance(by, ByDesk) else (by, "")
    record(staff, "classwork.place_given", registration, why=why, to=new_registration.pk)
    return new_registration


def _rename(line: OrderLine, to: Typed, student: Student, giver: str) -> None:
    attendee = Attendee(OTHER, first_name=to.first_name, last_name=to.last_name, email=to.email)
    kept = {name: value for name, value in line.details.items() if name in ("role", "by_desk", "twin_of")}
    line.details = kept | attendee.as_details() | {"attends": student.pk, "given_by": giver}
    line.detail = kinds.of(line).describe(line).detail[:300]
    line.save(update_fields=["details", "detail"])
