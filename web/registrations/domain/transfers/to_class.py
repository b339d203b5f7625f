"""Transfers of a spot to another class: the checks, the quote, and the transfer itself."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from billing.domain.cancellations import line_cancellation
from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.domain.pricing import balances
from billing.domain.refunds import exchanges
from billing.errors import OrderNotPlaced, OrderTransitionRefused
from billing.models import Order, OrderLine
from classwork.models import ClassOffer
from common.formats import format_moment
from history.domain import record_action
from registrations.domain import spots
from registrations.domain.change_deadlines import change_deadline, is_before_deadline
from registrations.domain.line_details import STUDENT, Attendee, AttendeeDetails
from registrations.domain.waitlist import open_offers
from registrations.errors import RegistrationRefused
from registrations.models import Registration
from users.models import User

State = Registration.State
NOT_HERE = "This spot can’t be moved online. Please contact the office."
TOO_LATE = "You could move this spot until {}. The office may be able to help."
PAY_FIRST = "Please pay for this spot before you move it."
ON_HOLD = "This spot is on hold, so it can’t be moved right now."
SAME = "The spot is already in this class."
OTHERS_MONEY = "Someone else paid for this spot, and this class has a different price. Please ask the office."
CHANGED = "Something has changed since you opened this page. Please check again. Nothing has been changed yet."


@dataclass(frozen=True)
class TransferRequest:
    """The class and role that the spot is transferred to."""

    class_offer: ClassOffer
    role: str = ""
    readiness: str = ""


@dataclass(frozen=True)
class DeskOverride:
    """A transfer by the office, which may override the usual limits."""

    staff: User
    why: str
    over_capacity: bool = False
    waived: bool = False


# -- checks --------------------------------------------------------------------------------------------------------


def transferable_line(registration: Registration, at: datetime) -> OrderLine:
    line = registration.line
    if line is None or line.canceled_at is not None:
        raise RegistrationRefused(NOT_HERE, "not_transferable")
    if registration.state == State.ON_HOLD:
        raise RegistrationRefused(ON_HOLD, "on_hold")
    if registration.state != State.CONFIRMED:
        raise RegistrationRefused(PAY_FIRST if registration.takes_a_spot(at) else NOT_HERE, "not_confirmed")
    if line.order.state == Order.State.PAID and (reason := exchanges.exchange_refusal(line, at)):
        raise RegistrationRefused(reason, "not_exchangeable")
    return line


def check_transfer_deadline(registration: Registration, at: datetime) -> None:
    number = settings.TRANSFER_UNTIL_CLASS
    if not is_before_deadline(registration, number, at):
        ends = change_deadline(registration, number)
        raise RegistrationRefused(TOO_LATE.format(format_moment(ends)) if number and ends else NOT_HERE, "too_late")


def is_payer(user: User, line: OrderLine) -> bool:
    return line.order.belongs_to(user)


# -- the quote and the transfer ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TransferQuote:
    """What the transfer costs or refunds."""

    currency: str
    parts: tuple[tuple[str, Decimal], ...]
    to_pay: Decimal
    refund_amount: Decimal
    credit: Decimal
    at_the_door: bool
    minutes: int
    """How long the new spot is held while the difference is paid. It is 0 if nothing is due now."""

    @property
    def is_even(self) -> bool:
        return not (self.to_pay or self.refund_amount or self.credit)

    @property
    def fingerprint(self) -> str:
        """Signs the amounts, because the attendee sees the fingerprint but not always the amounts."""
        amounts = repr((self.parts, self.to_pay, self.refund_amount, self.credit, self.at_the_door))
        return salted_hmac("registrations.transfer", amounts).hexdigest()[:32]


def quote_transfer(
    registration: Registration, target: TransferRequest, by: User | DeskOverride, at: datetime
) -> TransferQuote:
    """Performs the transfer and rolls it back, so that the quote always matches the result."""
    with transaction.atomic():
        _, result = _perform_transfer(registration, target, by, at)
        transaction.set_rollback(True)
    return result


@transaction.atomic
def transfer_to_class(
    registration: Registration, target: TransferRequest, by: User | DeskOverride, at: datetime, *, seen: str
) -> Order:
    """Refuses if the result would differ from the quote that was shown."""
    order, result = _perform_transfer(registration, target, by, at)
    if not constant_time_compare(result.fingerprint, seen):
        raise RegistrationRefused(CHANGED, "quote_changed")
    to: dict[str, Any] = {"to": target.class_offer.pk, "title": str(target.class_offer)}
    if isinstance(by, DeskOverride):
        overrides = {"over_capacity": by.over_capacity, "waived": by.waived}
        record_action(by.staff, "registrations.transferred_to_class", registration, why=by.why, **to, **overrides)
    else:
        record_action(by, "registrations.transferred_to_class", registration, **to)
    return order


def _perform_transfer(
    registration: Registration, target: TransferRequest, by: User | DeskOverride, at: datetime
) -> tuple[Order, TransferQuote]:
    registration = Registration.objects.whole_class().select_related("line__order", "student").get(pk=registration.pk)
    line = transferable_line(registration, at)
    if target.class_offer.pk == registration.class_offer_id:
        raise RegistrationRefused(SAME, "same_class")
    if not isinstance(by, DeskOverride):
        check_transfer_deadline(registration, at)
    before = exchanges.returned_so_far(line)
    try:
        with transaction.atomic():
            order = _place_transfer_order(line, _transferred_line(registration, line, target, by), by, at)
    except (OrderNotPlaced, OrderTransitionRefused) as refused:
        raise RegistrationRefused(str(refused), "order_refused") from refused
    result = _build_transfer_quote(order, exchanges.returned_so_far(line).since(before), at)
    if not isinstance(by, DeskOverride) and not result.is_even and not is_payer(by, line):
        raise RegistrationRefused(OTHERS_MONEY, "payer_only")
    return order, result


def _place_transfer_order(line: OrderLine, new: OrderLine, by: User | DeskOverride, at: datetime) -> Order:
    """An unpaid line is canceled at no cost and ordered again with the same due date."""
    staff, old = by.staff if isinstance(by, DeskOverride) else None, line.order
    if old.state == Order.State.PAID:
        how = placement.PlacementOptions(Order.Due.DOOR if staff else Order.Due.NOW, by_staff=staff)
        return placement.place_exchange_order(line, new, how, seen=None, at=at)
    if balances.amount_received(old):
        raise RegistrationRefused(PAY_FIRST, "not_paid")
    cart = carts.create_second_cart(old)
    carts.add_lines(cart, [new])
    how = placement.PlacementOptions(
        old.due_kind, due_date=old.due_date, by_staff=staff, payer=old.payer, is_known=True
    )
    order = placement.place_order(cart, how, seen=None, at=at)
    spots.mark_transferred(line)
    line_cancellation.cancel_line(line, at=at, why="Moved to another class.", by=staff)
    return order


def _transferred_line(
    registration: Registration, line: OrderLine, target: TransferRequest, by: User | DeskOverride
) -> OrderLine:
    attendee = AttendeeDetails.from_line(line).attendee or Attendee(STUDENT, student_id=registration.student_id)
    new = OrderLine(
        kind=line.kind,
        product_id=target.class_offer.pk,
        details=AttendeeDetails(attendee, target.readiness).as_json(),
        student_id=registration.student_id,
        role=target.role,
        moved_from_id=registration.pk,
    )
    if isinstance(by, DeskOverride):
        new.by_desk, new.may_join_late = True, by.staff.has_perm("registrations.join_late")
        new.over_capacity, new.difference_waived = by.over_capacity, by.waived
        return new
    offered_entries = [
        entry.pk
        for entry in open_offers.offers_to_student_alone(registration)
        if entry.class_offer_id == target.class_offer.pk
    ]
    new.waitlist_entry_id = offered_entries[0] if offered_entries else None
    return new


def _build_transfer_quote(order: Order, returned: exchanges.ReturnedSoFar, at: datetime) -> TransferQuote:
    price = balances.price_at(order, order.paid_at or at)
    carried = -price.by_step("exchange_credit")
    new, paid = price.total + carried, carried + returned.money + returned.credit + returned.kept
    amounts = [("New price", new), ("You paid", paid), ("Kept under the cancellation policy", returned.kept)]
    parts = tuple((label, amount) for label, amount in amounts if amount or label == "New price")
    owed = balances.open_balance(order, at)
    is_now = order.due_kind == Order.Due.NOW
    minutes = settings.HOLD_MINUTES if owed and is_now else 0
    return TransferQuote(
        order.currency, parts, owed, returned.money, returned.credit, bool(owed) and not is_now, minutes
    )
