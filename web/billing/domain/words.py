"""The state of an order and of a payment as a person at the front desk would say it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format
from payments import PaymentStatus

from billing.models import Order, OrderLine, Payment
from common.money import show

State, Due = Order.State, Order.Due
PAYMENTS = {
    PaymentStatus.WAITING: ("Not finished", ""),
    PaymentStatus.INPUT: ("Not finished", ""),
    PaymentStatus.PREAUTH: ("On its way from the bank", "warn"),
    PaymentStatus.CONFIRMED: ("Paid", "good"),
    PaymentStatus.REJECTED: ("Declined", "bad"),
    PaymentStatus.ERROR: ("Did not work", "bad"),
    PaymentStatus.CANCELLED: ("Broken off", ""),
    PaymentStatus.REFUNDED: ("Given back", ""),
}

KEPT = {"withdrawal": "for what was had", "staff": "as the school has decided"}


@dataclass(frozen=True)
class Said:
    text: str
    tone: str = ""

    def __str__(self) -> str:
        return self.text


def moment(when: datetime | None, at: datetime | None = None) -> str:
    """“14:30” today, “5 December, 14:30” on another day."""
    if when is None:
        return ""
    local = timezone.localtime(when)
    is_today = local.date() == timezone.localdate(at)
    return date_format(local, "H:i" if is_today else "j F, H:i")


def of_order(order: Order, at: datetime | None = None) -> Said:
    if order.state == State.CART:
        return Said("Not placed")
    if order.state == State.CANCELLED:
        return Said("Cancelled")
    if order.state == State.PAID:
        return _paid(order)
    if order.has_lapsed(at):
        return Said("Not paid in time", "bad")
    return _open(order, at)


def _paid(order: Order) -> Said:
    back = sum(payment.refunded_amount for payment in order.payments.all()) + order.returned_as_credit
    if not back:
        return Said("Paid" if order.charged or order.now_total else "Nothing to pay", "good")
    return Said("Paid, partly given back", "good") if order.charged else Said("Given back")


def _open(order: Order, at: datetime | None) -> Said:
    if order.due == Due.DOOR:
        return Said("To be paid at the door", "warn")
    if order.due == Due.DATE and order.due_on:
        day = date_format(order.due_on, "j F Y")
        return Said(f"Was to be paid by {day}", "bad") if order.is_overdue(at) else Said(f"To be paid by {day}", "warn")
    until = moment(order.held_until, at)
    if any(payment.is_on_its_way for payment in order.payments.all()):
        return Said(f"On its way from the bank, kept until {until}", "warn")
    return Said(f"Payment pending until {until}", "warn")


def of_payment(payment: Payment) -> Said:
    if payment.status == PaymentStatus.CONFIRMED and payment.refunded_amount:
        return Said("Paid, partly given back", "good")
    return Said(*PAYMENTS[payment.status])


def of_end(line: OrderLine) -> str:
    """What came of cancelling it, in a sentence; '' where nobody asked for it."""
    if line.ended is None:
        return ""
    back, credit, returned, kept = (Decimal(line.ended[name]) for name in ("back", "credit", "returned", "kept"))
    sums = {
        "{} goes back the way it was paid": back,
        "{} is credit with us now": credit + returned,
        "{} is kept, " + KEPT.get(line.ended_by, "by the terms"): kept,
    }
    said = [text.format(show(amount, line.order.currency)) for text, amount in sums.items() if amount]
    return f"{', and '.join(said) or 'Nothing comes back'}."
