"""The status of orders, lines, payments and refunds in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from payments import PaymentStatus

from billing.domain.refunds import handovers
from billing.models import Dispute, Order, OrderLine, Payment, Refund
from common.formats import format_date, format_moment, format_money, format_short_date, format_time

State, Due = Order.State, Order.Due
PAYMENTS = {
    PaymentStatus.WAITING: ("Incomplete", ""),
    PaymentStatus.INPUT: ("Incomplete", ""),
    PaymentStatus.PREAUTH: ("Processing", "warn"),
    PaymentStatus.CONFIRMED: ("Paid", "good"),
    PaymentStatus.REJECTED: ("Declined", "bad"),
    PaymentStatus.ERROR: ("Failed", "bad"),
    PaymentStatus.CANCELLED: ("Canceled", ""),
    PaymentStatus.REFUNDED: ("Refunded", ""),
}
REFUNDS: dict[str, tuple[str, str]] = {
    Refund.State.RESERVED: ("Refund started", ""),
    Refund.State.SENT: ("Refund started", ""),
    Refund.State.DONE: ("Refunded", "good"),
    Refund.State.FAILED: ("Refund failed", "bad"),
}

REASON_KEPT = {"withdrawal": "for what was already used", "staff": "as the school decided"}


@dataclass(frozen=True)
class Said:
    text: str
    tone: str = ""

    def __str__(self) -> str:
        return self.text


DISPUTED = Said("Disputed", "warn")
"""An open dispute hides every other status of the payment."""


def moment(when: datetime | None, at: datetime | None = None) -> str:
    # The day is omitted when it is today.
    if when is None:
        return ""
    is_today = timezone.localdate(when) == timezone.localdate(at)
    return format_time(when) if is_today else format_moment(when)


def deadline(when: datetime | None) -> str:
    return f"{format_short_date(when)}, {format_time(when)}" if when else ""


def time_to_pay(order: Order, at: datetime | None = None) -> str:
    if order.due == Due.DATE and order.due_on:
        return f"by {format_date(order.due_on)}"
    return f"until {moment(order.held_until, at)}"


def of_order(order: Order, at: datetime | None = None) -> Said:
    if order.state == State.CART:
        return Said("Not ordered yet")
    if order.state == State.CANCELLED:
        return Said("Canceled")
    if order.state == State.PAID:
        return _paid(order)
    if order.has_lapsed(at):
        return Said("Expired", "bad")
    return _open(order, at)


def _paid(order: Order) -> Said:
    payments = order.payments.all()
    if any(_has_dispute(payment, Dispute.State.OPEN) for payment in payments):
        return DISPUTED
    returned = sum(payment.refunded_amount for payment in payments) + order.returned_as_credit
    if not returned:
        return _paid_or_free(order)
    return _waiting_for_handover(payments) or _refunded(order)


def _has_dispute(payment: Payment, state: Dispute.State) -> bool:
    return payment.captured_at is not None and any(dispute.state == state for dispute in payment.disputes.all())


def _waiting_for_handover(payments: Iterable[Payment]) -> Said | None:
    waiting = [payment for payment in payments if handovers.waiting_amount(payment)]
    if not waiting:
        return None
    picked_up = any(handovers.is_picked_up(payment) for payment in waiting)
    return Said("Refund to pick up" if picked_up else "Refund to be transferred", "warn")


def _refunded(order: Order) -> Said:
    return Said("Partially refunded", "good") if order.charged else Said("Refunded")


def _paid_or_free(order: Order) -> Said:
    return Said("Paid" if order.charged or order.now_total else "Nothing to pay", "good")


def of_line(line: OrderLine, at: datetime | None = None) -> Said:
    order = line.order
    if order.state != State.PAID:
        return of_order(order, at) if line.cancelled_at is None else Said("Canceled")
    if line.cancelled_at is not None:
        return _canceled_line(line)
    payments = order.payments.all()
    if any(_has_dispute(payment, Dispute.State.OPEN) for payment in payments):
        return DISPUTED
    if any(_has_dispute(payment, Dispute.State.LOST) for payment in payments):
        return _refunded(order)
    returned = Decimal((line.facts or {}).get("called_off", 0))
    return Said("Partially refunded", "good") if returned else _paid_or_free(order)


def _canceled_line(line: OrderLine) -> Said:
    ended = line.ended or {}
    returned = sum((Decimal(ended.get(name, 0)) for name in ("back", "credit", "returned")), Decimal(0))
    if returned:
        return Said("Partially refunded" if line.kept else "Refunded")
    if any(_has_dispute(payment, Dispute.State.LOST) for payment in line.order.payments.all()):
        return _refunded(line.order)
    return Said("Not refunded" if line.kept else "Canceled")


def _open(order: Order, at: datetime | None) -> Said:
    if order.awaits_click:
        return Said("Waiting for email confirmation", "warn")
    if order.due == Due.DOOR:
        return Said("Pay at the door", "warn")
    if order.due == Due.DATE and order.due_on:
        day = format_date(order.due_on)
        return Said(f"Overdue since {day}", "bad") if order.is_overdue(at) else Said(f"Due by {day}", "warn")
    if any(payment.is_on_its_way for payment in order.payments.all()):
        return Said("Payment processing", "warn")
    return Said(f"Pay by {moment(order.held_until, at)}", "warn")


def of_payment(payment: Payment) -> Said:
    """Prefetch the refunds and the disputes before calling this for a list."""
    if _has_dispute(payment, Dispute.State.OPEN):
        return DISPUTED
    if payment.status == PaymentStatus.CONFIRMED and payment.refunded_amount:
        started = Said("Partially refunded", "good") if payment.refundable_amount else Said(*REFUNDS[Refund.State.SENT])
        return _waiting_for_handover([payment]) or started
    return Said(*PAYMENTS[payment.status])


def of_refund(refund: Refund) -> Said:
    if handovers.waits_for_handover(refund):
        return Said("To be picked up" if handovers.is_picked_up(refund.payment) else "To be transferred", "warn")
    return Said(*REFUNDS[refund.state])


def of_refunded(payment: Payment) -> str:
    pending = handovers.waiting_amount(payment)
    sums = {
        "{} refunded": payment.refunded_amount - pending,
        f"{{}} {'to be picked up' if handovers.is_picked_up(payment) else 'to be transferred'}": pending,
    }
    return ", ".join(text.format(format_money(amount, payment.currency)) for text, amount in sums.items() if amount)


def of_end(line: OrderLine) -> str:
    if line.ended is None:
        return ""
    refunded, credit, returned, kept = (Decimal(line.ended[name]) for name in ("back", "credit", "returned", "kept"))
    picked_up = Decimal(line.ended.get("picked_up", 0))
    to_pick_up = picked_up and handovers.handover_text(line.order)
    sums = {
        "{} refunded to the original payment method": refunded - picked_up,
        f"{{}} {'to pick up at the desk' if to_pick_up else 'refunded at the desk'}": picked_up,
        "{} added to your account credit": credit + returned,
        "{} kept " + REASON_KEPT.get(line.ended_by, "under the cancellation policy"): kept,
    }
    parts = [text.format(format_money(amount, line.order.currency)) for text, amount in sums.items() if amount]
    return f"{'; '.join(parts) or 'No refund'}."
