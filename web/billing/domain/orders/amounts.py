"""What an order costs, what was paid and what is open, and the one sentence that says what to pay."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from billing.domain import status_text
from billing.domain.orders.payments_in_progress import is_promised
from billing.domain.pricing import balances, credit
from billing.kinds import ZERO
from billing.models import Order
from common import dates
from common.formats import format_date, format_money

State, Due = Order.State, Order.Due
JUST_NOW = timedelta(minutes=30)


@dataclass(frozen=True)
class AmountSummary:
    """The foot of a bill. `total - paid + refunded + credited` is `balance`, unless too much was paid."""

    total: Decimal
    fees: Decimal
    """The part of the total that cancellation terms kept."""
    paid: Decimal
    refunded: Decimal
    credited: Decimal
    """Money that became credit."""
    balance: Decimal
    credit: Decimal
    """Account credit that paid a part; the total is what is left after it."""


def summarize_amounts(order: Order, at: datetime) -> AmountSummary:
    sums = order.payments.aggregate(paid=Sum("captured_amount"), refunded=Sum("refunded_amount"))
    total, fees = _total(order, at)
    return AmountSummary(
        total=total,
        fees=fees,
        paid=sums["paid"] or ZERO,
        refunded=sums["refunded"] or ZERO,
        credited=order.returned_as_credit,
        balance=_balance(order, at),
        credit=credit.spent_on(order),
    )


def _total(order: Order, at: datetime) -> tuple[Decimal, Decimal]:
    """The total, and which part of it is fees for what was canceled."""
    if order.state == State.CANCELLED:
        return order.charged, order.charged
    lines = sum((item.total for item in balances.itemised(order, at)), ZERO)
    if order.state != State.PAID:
        return lines, ZERO
    return order.charged, max(order.charged - lines, ZERO)


def _balance(order: Order, at: datetime) -> Decimal:
    if order.has_lapsed(at):
        return ZERO
    return balances.owed_at_door(order) if order.due == Due.DOOR else balances.owed(order, at)


def price_sentence(order: Order, at: datetime) -> str:
    """What to pay, how and until when; '' where nothing is to be paid now."""
    if order.state == State.PAID:
        return "Nothing to pay." if is_free(order) else "Paid in full."
    owed = balances.owed(order, at)
    if not owed or not order.can_be_paid(at) or is_promised(order):
        return ""
    now = format_money(owed, order.currency)
    if order.due == Due.DOOR:
        return _at_the_door(order, owed)
    if order.due_on is not None:
        return _by_a_date(order, owed, order.due_on, at)
    return f"Please pay {now} by {status_text.moment(order.held_until, at)}."


def is_free(order: Order) -> bool:
    """It never cost anything; what credit or an exchanged line has paid was not free."""
    if order.now_total or order.door_total or order.charged or credit.spent_on(order):
        return False
    return not order.lines.exclude(replaces=None).exists()


def _at_the_door(order: Order, owed: Decimal) -> str:
    door = balances.owed_at_door(order)
    sentence = f"Please pay {format_money(door, order.currency)} at the door"
    if owed < door:
        sentence += f", or {format_money(owed, order.currency)} online before the first class starts"
    return f"{sentence}."


def _by_a_date(order: Order, owed: Decimal, due_on: date, at: datetime) -> str:
    now, day = format_money(owed, order.currency), format_date(due_on)
    if order.is_overdue(at):
        return f"Payment of {now} was due by {day}. Your spots are still reserved."
    then = balances.owed(order, dates.at(due_on, time.max))
    if owed < then:
        return f"Please pay {now} before the first class starts, or {format_money(then, order.currency)} by {day}."
    return f"Please pay {now} by {day}."


def is_just_done(order: Order, at: datetime | None = None) -> bool:
    """Whether it was ordered or paid a moment ago, and nothing of it was canceled since: time to say thank you."""
    done = order.paid_at if order.state == State.PAID else order.placed_at
    since = (at or timezone.now()) - JUST_NOW
    return done is not None and done > since and not order.lines.exclude(cancelled_at=None).exists()
