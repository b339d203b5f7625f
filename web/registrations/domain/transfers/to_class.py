"""Transfers of a spot to another class: the checks, the plan, and the transfer itself."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from billing.domain.cancellations import line_cancellation
from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.domain.orders.placement import PlacementOptions
from billing.domain.pricing import quotes
from billing.domain.refunds import exchanges, terms
from billing.domain.refunds.order_snapshot import OrderSnapshots, load_order_snapshots
from billing.domain.refunds.plan import RefundPlan, RefundTerms
from billing.errors import OrderNotPlaced, OrderTransitionRefused
from billing.models import Order, OrderLine
from classwork.models import ClassOffer
from common.formats import format_moment
from history.domain import record_action
from registrations.domain import eligibility, spots
from registrations.domain.change_deadlines import change_deadline, is_before_deadline
from registrations.domain.line_details import STUDENT, Attendee, AttendeeDetails
from registrations.domain.waitlist import open_offers
from registrations.errors import RegistrationRefused
from registrations.models import Registration
from users.models import User

State = Registration.State
NOT_HERE = "This spot can’t be changed online. Please contact the office."
TOO_LATE = "You could change this spot until {}. The office may be able to help."
PAY_FIRST = "Please pay for this spot before you change it."
ON_HOLD = "This spot is on hold, so it can’t be changed right now."
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
    line = confirmed_line(registration, at)
    if line.order.state == Order.State.PAID and (reason := exchanges.exchange_refusal(line, at)):
        raise RegistrationRefused(reason, "not_exchangeable")
    return line


def confirmed_line(registration: Registration, at: datetime) -> OrderLine:
    line = registration.line
    if line is None or line.canceled_at is not None:
        raise RegistrationRefused(NOT_HERE, "not_transferable")
    if registration.state == State.ON_HOLD:
        raise RegistrationRefused(ON_HOLD, "on_hold")
    if registration.state != State.CONFIRMED:
        raise RegistrationRefused(PAY_FIRST if registration.takes_a_spot(at) else NOT_HERE, "not_confirmed")
    return line


def check_deadline(registration: Registration, number: int, at: datetime) -> None:
    if not is_before_deadline(registration, number, at):
        ends = change_deadline(registration, number)
        raise RegistrationRefused(TOO_LATE.format(format_moment(ends)) if number and ends else NOT_HERE, "too_late")


# -- the plan and the transfer -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TransferPlan:
    """What the transfer costs or refunds. The page shows it as a quote, and the transfer does exactly that."""

    new: OrderLine
    """It is not saved, and belongs to the order of the old line until it gets its own."""
    options: PlacementOptions
    quote: quotes.Quote
    refunds: RefundPlan

    @property
    def currency(self) -> str:
        return self.quote.now.currency

    @property
    def parts(self) -> list[tuple[str, Decimal]]:
        carried, kept = -self.quote.now.by_step("exchange_credit"), self.refunds.outcome.kept
        amounts = [
            ("New price", self.to_pay + carried),
            ("You paid", carried + self.refund_amount + self.credit + kept),
            ("Kept under the cancellation policy", kept),
        ]
        return [(label, amount) for label, amount in amounts if amount or label == "New price"]

    @property
    def to_pay(self) -> Decimal:
        return self.quote.now.total

    @property
    def refund_amount(self) -> Decimal:
        return self.refunds.outcome.refund

    @property
    def credit(self) -> Decimal:
        return self.refunds.outcome.new_credit + self.refunds.outcome.old_credit

    @property
    def at_the_door(self) -> bool:
        return bool(self.to_pay) and self.options.due_kind != Order.Due.NOW

    @property
    def minutes(self) -> int:
        # The new spot is held this long while the difference is paid.
        return settings.HOLD_MINUTES if self.to_pay and not self.at_the_door else 0

    @property
    def is_even(self) -> bool:
        return not (self.to_pay or self.refund_amount or self.credit)

    @property
    def fingerprint(self) -> str:
        """Signs the amounts, because the attendee sees the fingerprint but not always the amounts."""
        amounts = repr((self.parts, self.to_pay, self.refund_amount, self.credit, self.at_the_door))
        return salted_hmac("registrations.transfer", amounts).hexdigest()[:32]


def plan_transfer(
    registration: Registration,
    target: TransferRequest,
    by: User | DeskOverride,
    at: datetime,
    snapshots: OrderSnapshots | None = None,
) -> TransferPlan:
    """`snapshots` holds the orders if they are loaded already. Raises RegistrationRefused."""
    old = transferable_line(registration, at)
    if target.class_offer.pk == registration.class_offer_id:
        raise RegistrationRefused(SAME, "same_class")
    if not isinstance(by, DeskOverride):
        check_deadline(registration, settings.TRANSFER_UNTIL_CLASS, at)
    try:
        plan = _plan_exchange(registration, old, target, by, at, snapshots=snapshots)
    except (OrderNotPlaced, OrderTransitionRefused) as refused:
        raise RegistrationRefused(str(refused), "order_refused") from refused
    if not isinstance(by, DeskOverride) and not plan.is_even and not old.order.belongs_to(by):
        raise RegistrationRefused(OTHERS_MONEY, "payer_only")
    return plan


def _plan_exchange(
    registration: Registration,
    old: OrderLine,
    target: TransferRequest,
    by: User | DeskOverride,
    at: datetime,
    *,
    snapshots: OrderSnapshots | None,
) -> TransferPlan:
    """An unpaid line is canceled at no cost and ordered again with the same due date."""
    staff, order = by.staff if isinstance(by, DeskOverride) else None, old.order
    options = PlacementOptions(Order.Due.DOOR if staff else Order.Due.NOW, by_staff=staff)
    new = _new_line(registration, old, target, by)
    [row] = carts.load_lines([new], at)
    problems = row.problems
    if eligibility.is_in_class(registration.student, target.class_offer.pk):
        problems = [*problems, eligibility.ALREADY.format(registration.student)]
    if problems:
        raise OrderNotPlaced(f"{row.description.title}: {problems[0]}")
    cart = carts.CartSnapshot([row], carts.quote_cart(order, carts.to_price_lines([row]), None, at))
    snapshots = snapshots or load_order_snapshots([order.pk], at)
    if new.exchanged_from is not None:
        refunds = exchanges.plan_surplus(snapshots, old, exchanges.exchange_credit_used(cart.quote.now, new), at)
    elif any(payment.captured_amount > payment.refunded_amount for payment in snapshots[order.pk].payments):
        raise RegistrationRefused(PAY_FIRST, "not_paid")
    elif order.due_kind == Order.Due.DOOR and not staff and not cart.at_the_door:
        raise OrderNotPlaced(placement.NOT_AT_THE_DOOR)
    else:
        options = replace(options, due_kind=order.due_kind, due_date=order.due_date, keeps_due_date=True)
        refund_terms = RefundTerms(terms.terms_sold(old, at).at(at).percent)
        refunds = line_cancellation.plan_cancellation(snapshots, order, {old.pk: refund_terms}, at)
    return TransferPlan(new, options, cart.quote, refunds)


@transaction.atomic
def transfer_to_class(
    registration: Registration, target: TransferRequest, by: User | DeskOverride, at: datetime, *, seen: str
) -> Order:
    """Refuses if the result would differ from the quote that was shown."""
    snapshots = load_order_snapshots([registration.line.order_id], at, lock=True) if registration.line else None
    registration = Registration.objects.whole_class().select_related("line__order", "student").get(pk=registration.pk)
    plan = plan_transfer(registration, target, by, at, snapshots)
    if not constant_time_compare(plan.fingerprint, seen):
        raise RegistrationRefused(CHANGED, "quote_changed")
    totals = (plan.quote.now.total, plan.quote.door.total)
    try:
        order = placement.place_second_order(plan.new, plan.options, seen=totals, at=at)
    except (OrderNotPlaced, OrderTransitionRefused) as refused:
        raise RegistrationRefused(str(refused), "order_refused") from refused
    if plan.new.exchanged_from is None and registration.line is not None:
        spots.mark_transferred(registration.line)
        old, staff = registration.line.order, plan.options.by_staff
        line_cancellation.apply_cancellation(plan.refunds, old, at, why="Moved to another class.", by=staff)
    to: dict[str, Any] = {"to": target.class_offer.pk, "title": str(target.class_offer)}
    if isinstance(by, DeskOverride):
        overrides = {"over_capacity": by.over_capacity, "waived": by.waived}
        record_action(by.staff, "registrations.transferred_to_class", registration, why=by.why, **to, **overrides)
    else:
        record_action(by, "registrations.transferred_to_class", registration, **to)
    return order


def _new_line(
    registration: Registration, old: OrderLine, target: TransferRequest, by: User | DeskOverride
) -> OrderLine:
    attendee = AttendeeDetails.from_line(old).attendee or Attendee(STUDENT, student_id=registration.student_id)
    new = OrderLine(
        order=old.order,
        kind=old.kind,
        product_id=target.class_offer.pk,
        details=AttendeeDetails(attendee, target.readiness).as_json(),
        student=registration.student,
        role=target.role,
        moved_from_id=registration.pk,
        exchanged_from=old if old.order.state == Order.State.PAID else None,
    )
    if isinstance(by, DeskOverride):
        new.by_desk, new.may_join_late = True, by.staff.has_perm("registrations.join_late")
        new.over_capacity, new.difference_waived = by.over_capacity, by.waived
        return new
    offers = open_offers.offers_to_student_alone(registration)
    offered_entries = (entry.pk for entry in offers if entry.class_offer_id == target.class_offer.pk)
    new.waitlist_entry_id = next(offered_entries, None)
    return new
