"""The amounts of an order, and the sentence that tells the payer what is due."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal

from django.utils import timezone

from billing.domain import status_text
from billing.domain.orders.payments_in_progress import has_payment_processing
from billing.domain.pricing import balances
from billing.models import Order
from common import dates
from common.formats import format_date, format_money
from common.money import ZERO

State, Due = Order.State, Order.Due
JUST_NOW = timedelta(minutes=30)


@dataclass(frozen=True)
class AmountSummary:
    """`total - paid + refunded + credited` equals `balance`, unless the order is overpaid."""

    total: Decimal
    fees: Decimal
    """This part of the total was kept as cancellation fees."""
    paid: Decimal
    refunded: Decimal
    credited: Decimal
    """This much of the money received became account credit."""
    balance: Decimal
    credit: Decimal
    """Account credit paid this much. It is already deducted from the total."""


def summarize_amounts(order: Order, at: datetime, bill: list[balances.PricedLine] | None = None) -> AmountSummary:
    payments = order.payments.all()
    if order.state == State.CANCELED:
        total = fees = order.amount_charged
    else:
        total, fees = sum((item.total for item in bill or balances.itemized_lines(order, at)), ZERO), ZERO
        if order.state == State.PAID:
            total, fees = order.amount_charged, max(order.amount_charged - total, ZERO)
    if order.has_expired(at):
        balance = ZERO
    else:
        balance = (
            balances.open_balance_at_door(order) if order.due_kind == Due.DOOR else balances.open_balance(order, at)
        )
    return AmountSummary(
        total=total,
        fees=fees,
        paid=sum((payment.captured_amount for payment in payments), ZERO),
        refunded=sum((payment.refunded_amount for payment in payments), ZERO),
        credited=order.returned_as_credit,
        balance=balance,
        credit=balances.spent_credit(order),
    )


def amount_due_sentence(order: Order, at: datetime) -> str:
    if order.state == State.PAID:
        return "Nothing to pay." if is_free_order(order) else "Paid in full."
    owed = balances.open_balance(order, at)
    if not owed or not order.can_be_paid(at) or has_payment_processing(order):
        return ""
    amount = format_money(owed, order.currency)
    if order.due_kind == Due.DOOR:
        door = balances.open_balance_at_door(order)
        online = f", or {amount} online before the first class starts" if owed < door else ""
        return f"Please pay {format_money(door, order.currency)} at the door{online}."
    if order.due_date is not None:
        day = format_date(order.due_date)
        if order.is_overdue(at):
            return f"Payment of {amount} was due by {day}. Your spots are still reserved."
        later = balances.open_balance(order, dates.local_moment(order.due_date, time.max))
        regular = f" before the first class starts, or {format_money(later, order.currency)}" if owed < later else ""
        return f"Please pay {amount}{regular} by {day}."
    return f"Please pay {amount} by {status_text.moment_text(order.held_until, at)}."


def is_free_order(order: Order) -> bool:
    if order.early_total or order.regular_total or order.amount_charged or balances.spent_credit(order):
        return False
    # A line that replaces another one was paid for with the earlier line.
    return not any(line.exchanged_from_id for line in order.lines.all())


def is_recently_completed(order: Order, at: datetime | None = None) -> bool:
    completed_at = order.paid_at if order.state == State.PAID else order.placed_at
    since = (at or timezone.now()) - JUST_NOW
    is_recent = completed_at is not None and completed_at > since
    return is_recent and not any(line.canceled_at for line in order.lines.all())
