"""The status of orders, lines, payments and refunds in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.functional import Promise
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
class StatusText:
    text: str | Promise
    tone: str = ""

    def __str__(self) -> str:
        return str(self.text)


DISPUTED = StatusText("Disputed", "warn")
"""An open dispute hides every other status of the payment."""


def moment_text(when: datetime | None, at: datetime | None = None) -> str:
    # The day is omitted when it is today.
    if when is None:
        return ""
    is_today = timezone.localdate(when) == timezone.localdate(at)
    return format_time(when) if is_today else format_moment(when)


def deadline_text(when: datetime | None) -> str:
    return f"{format_short_date(when)}, {format_time(when)}" if when else ""


def time_to_pay_text(order: Order, at: datetime | None = None) -> str:
    if order.due_kind == Due.DATE and order.due_date:
        return f"by {format_date(order.due_date)}"
    return f"until {moment_text(order.held_until, at)}"


def order_status(order: Order, at: datetime | None = None) -> StatusText:
    if order.state == State.CART:
        return StatusText("Not ordered yet")
    if order.state == State.CANCELED:
        return StatusText("Canceled")
    if order.state == State.PAID:
        return _paid_order_status(order)
    if order.has_expired(at):
        return StatusText("Expired", "bad")
    return _open_order_status(order, at)


def _paid_order_status(order: Order) -> StatusText:
    payments = order.payments.all()
    if any(_has_dispute(payment, Dispute.State.OPEN) for payment in payments):
        return DISPUTED
    returned = sum(payment.refunded_amount for payment in payments) + order.returned_as_credit
    if not returned:
        return _paid_or_free_status(order)
    return _handover_status(payments) or _refunded_status(order)


def _has_dispute(payment: Payment, state: Dispute.State) -> bool:
    return payment.captured_at is not None and any(dispute.state == state for dispute in payment.disputes.all())


def _handover_status(payments: Iterable[Payment]) -> StatusText | None:
    waiting = [payment for payment in payments if handovers.amount_awaiting_handover(payment)]
    if not waiting:
        return None
    picked_up = any(handovers.is_refund_picked_up(payment) for payment in waiting)
    return StatusText("Refund to pick up" if picked_up else "Refund to be transferred", "warn")


def _refunded_status(order: Order) -> StatusText:
    return StatusText("Partially refunded", "good") if order.amount_charged else StatusText("Refunded")


def _paid_or_free_status(order: Order) -> StatusText:
    return StatusText("Paid" if order.amount_charged or order.early_total else "Nothing to pay", "good")


def line_status(line: OrderLine, at: datetime | None = None) -> StatusText:
    order = line.order
    if order.state != State.PAID:
        return order_status(order, at) if line.canceled_at is None else StatusText("Canceled")
    if line.canceled_at is not None:
        return _canceled_line_status(line)
    payments = order.payments.all()
    if any(_has_dispute(payment, Dispute.State.OPEN) for payment in payments):
        return DISPUTED
    if any(_has_dispute(payment, Dispute.State.LOST) for payment in payments):
        return _refunded_status(order)
    returned = Decimal((line.price_facts or {}).get("canceled_by_school", 0))
    return StatusText("Partially refunded", "good") if returned else _paid_or_free_status(order)


def _canceled_line_status(line: OrderLine) -> StatusText:
    ended = line.cancellation or {}
    returned = sum((Decimal(ended.get(name, 0)) for name in ("back", "credit", "returned")), Decimal(0))
    if returned:
        return StatusText("Partially refunded" if line.retained else "Refunded")
    if any(_has_dispute(payment, Dispute.State.LOST) for payment in line.order.payments.all()):
        return _refunded_status(line.order)
    return StatusText("Not refunded" if line.retained else "Canceled")


def _open_order_status(order: Order, at: datetime | None) -> StatusText:
    if order.awaits_click:
        return StatusText("Waiting for email confirmation", "warn")
    if order.due_kind == Due.DOOR:
        return StatusText("Pay at the door", "warn")
    if order.due_kind == Due.DATE and order.due_date:
        day = format_date(order.due_date)
        return (
            StatusText(f"Overdue since {day}", "bad") if order.is_overdue(at) else StatusText(f"Due by {day}", "warn")
        )
    if any(payment.is_on_its_way for payment in order.payments.all()):
        return StatusText("Payment processing", "warn")
    return StatusText(f"Pay by {moment_text(order.held_until, at)}", "warn")


def payment_status(payment: Payment) -> StatusText:
    """Prefetch the refunds and the disputes before calling this for a list."""
    if _has_dispute(payment, Dispute.State.OPEN):
        return DISPUTED
    if payment.status == PaymentStatus.CONFIRMED and payment.refunded_amount:
        started = (
            StatusText("Partially refunded", "good")
            if payment.refundable_amount
            else StatusText(*REFUNDS[Refund.State.SENT])
        )
        return _handover_status([payment]) or started
    return StatusText(*PAYMENTS[payment.status])


def refund_status(refund: Refund) -> StatusText:
    if handovers.awaits_handover(refund):
        return StatusText(
            "To be picked up" if handovers.is_refund_picked_up(refund.payment) else "To be transferred", "warn"
        )
    return StatusText(*REFUNDS[refund.state])


def refunded_text(payment: Payment) -> str:
    pending = handovers.amount_awaiting_handover(payment)
    sums = {
        "{} refunded": payment.refunded_amount - pending,
        f"{{}} {'to be picked up' if handovers.is_refund_picked_up(payment) else 'to be transferred'}": pending,
    }
    return ", ".join(text.format(format_money(amount, payment.currency)) for text, amount in sums.items() if amount)


def cancellation_text(line: OrderLine) -> str:
    if line.cancellation is None:
        return ""
    refunded, credit, returned, kept = (
        Decimal(line.cancellation[name]) for name in ("back", "credit", "returned", "kept")
    )
    picked_up = Decimal(line.cancellation.get("picked_up", 0))
    to_pick_up = picked_up and handovers.handover_text(line.order)
    sums = {
        "{} refunded to the original payment method": refunded - picked_up,
        f"{{}} {'to pick up at the desk' if to_pick_up else 'refunded at the desk'}": picked_up,
        "{} added to your account credit": credit + returned,
        "{} kept " + REASON_KEPT.get(line.ended_by, "under the cancellation policy"): kept,
    }
    parts = [text.format(format_money(amount, line.order.currency)) for text, amount in sums.items() if amount]
    return f"{'; '.join(parts) or 'No refund'}."
