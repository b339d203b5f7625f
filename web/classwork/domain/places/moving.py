"""From one class to another: what could be chosen, what it costs or brings back, and doing it as it was quoted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from billing.domain import cancel, ledger, orders, placing, pricing, replacing
from billing.domain import cart as carts
from billing.domain.placing import NotPlaced
from billing.domain.replacing import Exchange, Worth
from billing.domain.words import moment
from billing.kinds import ZERO
from billing.models import Order, OrderLine
from classwork.domain.listed import Listed
from classwork.domain.places import joining, opening, registering, room, terms
from classwork.domain.places.attendees import ME, STUDENT, Attendee
from classwork.domain.places.room import Room
from classwork.models import CancellationStep, ClassOffer, Registration, WaitingEntry
from common import dates
from common.money import percentage
from history.domain import record
from users.models import User

State = Registration.State
NOT_HERE = "This place cannot be moved here. Please write to the office."
TOO_LATE = "This place could be moved until {}. Please write to the office; perhaps it finds a way with you."
PAY_FIRST = "Please pay for this place first; then you can move it."
ON_HOLD = "This place waits for a decision of the office, so it cannot be moved now."
SAME = "This is the class in which the place is already."
OTHERS_MONEY = "Somebody else has paid for this place, and this class has another price. Please ask the office."
CHANGED = "Something has changed since you saw this. Please look at it again; nothing is done yet."


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


def until(registration: Registration, number: int) -> datetime | None:
    """The beginning of that class day, or of the last where fewer take place; None while no date is known."""
    return terms.ends(f"{CancellationStep.Unit.MEETING} {number}", terms.starts(registration.offer_id))


def deadline(registration: Registration) -> datetime | None:
    return until(registration, settings.MOVE_UNTIL_CLASS) if settings.MOVE_UNTIL_CLASS else None


def line_of(registration: Registration, at: datetime) -> OrderLine:
    """Of a place that can be moved, by whomever. Raises CannotBe."""
    line = registration.line
    if line is None or line.cancelled_at is not None:
        raise CannotBe(NOT_HERE)
    if registration.state == State.ON_HOLD:
        raise CannotBe(ON_HOLD)
    if registration.state != State.CONFIRMED:
        raise CannotBe(PAY_FIRST if registration.takes_a_place(at) else NOT_HERE)
    if line.order.state == Order.State.PAID and (said := replacing.why_not(line, at)):
        raise CannotBe(said)
    return line


def check_time(registration: Registration, at: datetime) -> None:
    """Raises CannotBe when it is too late for whoever attends."""
    ends = deadline(registration)
    if not settings.MOVE_UNTIL_CLASS:
        raise CannotBe(NOT_HERE)
    if ends is not None and at > ends:
        raise CannotBe(TOO_LATE.format(moment(ends, at)))


def pays(user: User, line: OrderLine) -> bool:
    return Order.objects.visible_to(user).filter(pk=line.order_id).exists()


# -- what there is -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Option:
    """A class that could be chosen: what more it costs, or what comes back."""

    listed: Listed
    room: Room
    to_pay: Decimal
    back: Decimal
    as_credit: bool
    is_kept: bool = False
    """Offered to them from the waiting list."""
    why_not: str = ""

    @property
    def is_full(self) -> bool:
        return self.room.is_full and not self.is_kept

    @property
    def is_even(self) -> bool:
        return not self.to_pay and not self.back


def options(registration: Registration, viewer: User, at: datetime) -> list[Option]:
    """In the order of the week, without those in which the student is already; as many queries for thirty as for one.
    Raises CannotBe."""
    line = line_of(registration, at)
    check_time(registration, at)
    student = registration.student_id
    mine = set(Registration.objects.live().filter(student=student).values_list("offer", flat=True))
    offers = [offer for offer in opening.open_offers(at) if offer.pk not in mine]
    rooms, prices = room.among(offers, at), Prices(line, at, is_theirs=pays(viewer, line))
    kept = {entry.offer_id for entry in kept_for(registration)}
    return [_option(offer, rooms[offer.pk], prices, offer.pk in kept) for offer in offers]


def _option(offer: ClassOffer, here: Room, prices: "Prices", is_kept: bool) -> Option:
    """Whoever has not paid reads no sums."""
    to_pay, back, as_credit = prices.of(offer)
    listed = Listed(offer, dates.today())
    if (to_pay or back) and not prices.is_theirs:
        return Option(listed, here, ZERO, ZERO, False, is_kept, OTHERS_MONEY)
    return Option(listed, here, to_pay, back, as_credit, is_kept)


class Prices:
    """What other classes cost whoever has this place."""

    def __init__(self, line: OrderLine, at: datetime, *, is_theirs: bool) -> None:
        self.line, self.at, self.is_theirs = line, at, is_theirs
        self.is_paid = line.order.state == Order.State.PAID
        self.worth = replacing.worth(line) if self.is_paid else Worth(ZERO, ZERO, ZERO)
        self.exchange, self.surplus = Exchange.of(line, at), replacing.surplus(line, at)
        self.before = ledger.price_at(line.order, at).lines[line.pk]

    def of(self, offer: ClassOffer) -> tuple[Decimal, Decimal, bool]:
        """What is to be paid, what goes back, and whether as credit."""
        facts = opening.facts(offer, joining.of(offer, self.at))
        facts = self.exchange.facts(facts) if self.is_paid else facts
        item = pricing.Item(0, self.line.kind, offer.pk, facts)
        lost = pricing.lost_by([item], self.at)
        price = pricing.price(pricing.Ask((item,), self.line.order.currency, lost=lost))
        if not self.is_paid:
            return max(price.total - self.before, ZERO), ZERO, False
        over = self.worth.paid + price.by_step("carried")
        return price.total, percentage(over, self.surplus.share, price.currency), self.surplus.as_credit


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
    if isinstance(by, ByDesk):
        more = {"over_capacity": by.over_capacity, "waived": by.waived}
        record(by.staff, "classwork.place_moved", registration, why=by.why, to=wish.offer.pk, **more)
    else:
        record(by, "classwork.place_moved", registration, to=wish.offer.pk)


def _carry_out(registration: Registration, wish: Wish, by: User | ByDesk, at: datetime) -> tuple[Order, Quote]:
    registration = Registration.objects.select_related("line__order", "student").get(pk=registration.pk)
    line = line_of(registration, at)
    if wish.offer.pk == registration.offer_id:
        raise CannotBe(SAME)
    if not isinstance(by, ByDesk):
        check_time(registration, at)
    before = replacing.gone_back(line)
    try:
        with transaction.atomic():
            order = _place(line, _details(registration, line, wish, by), wish.offer, by, at)
    except (NotPlaced, orders.CannotBe) as refused:
        raise CannotBe(str(refused)) from refused
    found = _quote(order, replacing.gone_back(line).since(before), at)
    if not isinstance(by, ByDesk) and not found.is_even and not pays(by, line):
        raise CannotBe(OTHERS_MONEY)
    return order, found


def _place(line: OrderLine, details: Mapping[str, Any], offer: ClassOffer, by: User | ByDesk, at: datetime) -> Order:
    staff = by.staff if isinstance(by, ByDesk) else None
    if line.order.state == Order.State.PAID:
        how = placing.How(Order.Due.DOOR if staff else Order.Due.NOW, by_staff=staff)
        return placing.exchange(line, offer.pk, dict(details), how, seen=None, at=at)
    return _instead(line, dict(details), offer, staff, at)


def _instead(line: OrderLine, details: dict[str, Any], offer: ClassOffer, staff: User | None, at: datetime) -> Order:
    """What is to be paid later is ordered anew, to be paid at the same time, and the old line goes without a cost."""
    old = line.order
    if ledger.received(old):
        raise CannotBe(PAY_FIRST)
    cart = carts.beside(old)
    carts.add(cart, line.kind, offer.pk, details)
    order = placing.place(cart, placing.How(old.due, on=old.due_on, by_staff=staff, payer=old.payer), seen=None, at=at)
    registering.transfer(line)
    cancel.cancel_line(line, at=at, why="Moved to another class.", by=staff)
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
    kept = [entry.pk for entry in kept_for(registration) if entry.offer_id == wish.offer.pk]
    return details | ({"entry": kept[0]} if kept else {})


def kept_for(registration: Registration) -> list[WaitingEntry]:
    """Places that the student's people were offered from waiting lists, for them alone."""
    account = registration.student.user_id or registration.student.guardian_id
    if account is None:
        return []
    offered = WaitingEntry.objects.filter(account=account, state=WaitingEntry.State.OFFERED, size=1)
    return [entry for entry in offered if _is_for(entry, registration)]


def _is_for(entry: WaitingEntry, registration: Registration) -> bool:
    person = Attendee.of(entry.people[0])
    if person is None:
        return False
    is_owner = person.who == ME and registration.student.user_id == entry.account_id
    return is_owner or (person.who == STUDENT and person.student_id == registration.student_id)


def _quote(order: Order, back: replacing.GoneBack, at: datetime) -> Quote:
    price = ledger.price_at(order, order.paid_at or at)
    parts = tuple((part.label, part.amount) for part in price.adjustments)
    owed = ledger.owed(order, at)
    is_now = order.due == Order.Due.NOW
    minutes = settings.HOLD_MINUTES if owed and is_now else 0
    return Quote(order.currency, parts, owed, back.money, back.credit, bool(owed) and not is_now, minutes)
