"""From one class to another: whether it may be, what it comes to, and doing it as it was quoted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from billing.domain.cancellations import line_cancellation
from billing.domain.orders import cart as carts
from billing.domain.orders import placement, transitions
from billing.domain.orders.placement import NotPlaced
from billing.domain.pricing import balances
from billing.domain.refunds import exchanges
from billing.models import Order, OrderLine
from classwork.domain.places import registering
from classwork.domain.places.attendees import STUDENT, Attendee
from classwork.domain.places.deadlines import in_time, until
from classwork.domain.places.waiting import offered
from classwork.models import ClassOffer, Registration
from common.formats import format_moment
from history.domain import record
from users.models import User

State = Registration.State
NOT_HERE = "This spot can’t be moved online. Please contact the office."
TOO_LATE = "You could move this spot until {}. The office may be able to help."
PAY_FIRST = "Please pay for this spot before you move it."
ON_HOLD = "This spot is on hold, so it can’t be moved right now."
SAME = "The spot is already in this class."
OTHERS_MONEY = "Someone else paid for this spot, and this class has a different price. Please ask the office."
CHANGED = "Something has changed since you opened this page. Please check again. Nothing has been changed yet."


class CannotBe(Exception):
    """It cannot be done as things stand; the text says why."""


@dataclass(frozen=True)
class Wish:
    """Into which class, and in which role."""

    offer: ClassOffer
    role: str = ""
    readiness: str = ""


@dataclass(frozen=True)
class ByDesk:
    """What the office may say beyond what anybody may."""

    staff: User
    why: str
    over_capacity: bool = False
    waived: bool = False


# -- may it be? --------------------------------------------------------------------------------------------------


def line_of(registration: Registration, at: datetime) -> OrderLine:
    """Of a place that can be moved, by whomever. Raises CannotBe."""
    line = registration.line
    if line is None or line.cancelled_at is not None:
        raise CannotBe(NOT_HERE)
    if registration.state == State.ON_HOLD:
        raise CannotBe(ON_HOLD)
    if registration.state != State.CONFIRMED:
        raise CannotBe(PAY_FIRST if registration.takes_a_place(at) else NOT_HERE)
    if line.order.state == Order.State.PAID and (said := exchanges.why_not(line, at)):
        raise CannotBe(said)
    return line


def check_time(registration: Registration, at: datetime) -> None:
    """Raises CannotBe when it is too late for whoever attends."""
    number = settings.MOVE_UNTIL_CLASS
    if not in_time(registration, number, at):
        ends = until(registration, number)
        raise CannotBe(TOO_LATE.format(format_moment(ends)) if number and ends else NOT_HERE)


def pays(user: User, line: OrderLine) -> bool:
    return line.order.belongs_to(user)


# -- quoting and doing -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quote:
    """What the move comes to."""

    currency: str
    parts: tuple[tuple[str, Decimal], ...]
    to_pay: Decimal
    back: Decimal
    credit: Decimal
    at_the_door: bool
    minutes: int
    """For so long the new place is kept while the difference is paid; 0 when nothing is to be paid at once."""

    @property
    def is_even(self) -> bool:
        return not (self.to_pay or self.back or self.credit)

    @property
    def fingerprint(self) -> str:
        """Stands in the form that confirms. Signed, because whoever attends sees it and not always the figures."""
        said = repr((self.parts, self.to_pay, self.back, self.credit, self.at_the_door))
        return salted_hmac("classwork.moving", said).hexdigest()[:32]


def quote(registration: Registration, wish: Wish, by: User | ByDesk, at: datetime) -> Quote:
    """The deed itself, carried out and taken back, so what is said and what is done cannot differ. Raises CannotBe."""
    with transaction.atomic():
        _, found = _carry_out(registration, wish, by, at)
        transaction.set_rollback(True)
    return found


@transaction.atomic
def move(registration: Registration, wish: Wish, by: User | ByDesk, at: datetime, *, seen: str) -> Order:
    """Raises CannotBe; and so where it would come to something else than what was seen."""
    order, found = _carry_out(registration, wish, by, at)
    if not constant_time_compare(found.fingerprint, seen):
        raise CannotBe(CHANGED)
    _record(registration, wish, by)
    return order


def _record(registration: Registration, wish: Wish, by: User | ByDesk) -> None:
    to: dict[str, Any] = {"to": wish.offer.pk, "title": str(wish.offer)}
    if isinstance(by, ByDesk):
        more = {"over_capacity": by.over_capacity, "waived": by.waived}
        record(by.staff, "classwork.place_moved", registration, why=by.why, **to, **more)
    else:
        record(by, "classwork.place_moved", registration, **to)


def _carry_out(registration: Registration, wish: Wish, by: User | ByDesk, at: datetime) -> tuple[Order, Quote]:
    registration = Registration.objects.select_related("line__order", "student").get(pk=registration.pk)
    line = line_of(registration, at)
    if wish.offer.pk == registration.offer_id:
        raise CannotBe(SAME)
    if not isinstance(by, ByDesk):
        check_time(registration, at)
    before = exchanges.gone_back(line)
    try:
        with transaction.atomic():
            order = _place(line, _details(registration, line, wish, by), wish.offer, by, at)
    except (NotPlaced, transitions.CannotBe) as refused:
        raise CannotBe(str(refused)) from refused
    found = _quote(order, exchanges.gone_back(line).since(before), at)
    if not isinstance(by, ByDesk) and not found.is_even and not pays(by, line):
        raise CannotBe(OTHERS_MONEY)
    return order, found


def _place(line: OrderLine, details: Mapping[str, Any], offer: ClassOffer, by: User | ByDesk, at: datetime) -> Order:
    staff = by.staff if isinstance(by, ByDesk) else None
    if line.order.state == Order.State.PAID:
        how = placement.How(Order.Due.DOOR if staff else Order.Due.NOW, by_staff=staff)
        return placement.exchange(line, offer.pk, dict(details), how, seen=None, at=at)
    return _instead(line, dict(details), offer, staff, at)


def _instead(line: OrderLine, details: dict[str, Any], offer: ClassOffer, staff: User | None, at: datetime) -> Order:
    """What is to be paid later is ordered anew, to be paid at the same time, and the old line goes without a cost."""
    old = line.order
    if balances.received(old):
        raise CannotBe(PAY_FIRST)
    cart = carts.beside(old)
    carts.add(cart, line.kind, offer.pk, details)
    how = placement.How(old.due, on=old.due_on, by_staff=staff, payer=old.payer, is_known=True)
    order = placement.place(cart, how, seen=None, at=at)
    registering.transfer(line)
    line_cancellation.cancel_line(line, at=at, why="Moved to another class.", by=staff)
    return order


def _details(registration: Registration, line: OrderLine, wish: Wish, by: User | ByDesk) -> dict[str, Any]:
    """Whoever attends is the same; everything else is said anew."""
    said = Attendee.of(line.details) or Attendee(STUDENT, student_id=registration.student_id)
    details = said.as_details() | {"attends": registration.student_id, "role": wish.role, "readiness": wish.readiness}
    details["moved_from"] = registration.pk
    if isinstance(by, ByDesk):
        late = by.staff.has_perm("classwork.join_late")
        desk = {"by_desk": True, "over_capacity": by.over_capacity, "waived": by.waived, "late": late}
        return details | desk
    kept = [entry.pk for entry in offered.to_alone(registration) if entry.offer_id == wish.offer.pk]
    return details | ({"entry": kept[0]} if kept else {})


def _quote(order: Order, back: exchanges.GoneBack, at: datetime) -> Quote:
    price = balances.price_at(order, order.paid_at or at)
    carried = -price.by_step("carried")
    new, before = price.total + carried, carried + back.money + back.credit + back.kept
    said = [("New price", new), ("You paid", before), ("Kept under the cancellation policy", back.kept)]
    parts = tuple((label, amount) for label, amount in said if amount or label == "New price")
    owed = balances.owed(order, at)
    is_now = order.due == Order.Due.NOW
    minutes = settings.HOLD_MINUTES if owed and is_now else 0
    return Quote(order.currency, parts, owed, back.money, back.credit, bool(owed) and not is_now, minutes)
