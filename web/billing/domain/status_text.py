"""The status of orders, lines, payments and refunds in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from payments import PaymentStatus

from billing.domain.refunds import handovers
from billing.models import Dispute, Order, OrderLine, Payment, Refund
from common.formats import format_date, format_moment, format_money, format_short_date, format_time

State, Due = Order.State, Order.Due
PAYMENTS = {
    PaymentStatus.WAITING: (_("Incomplete"), ""),
    PaymentStatus.INPUT: (_("Incomplete"), ""),
    PaymentStatus.PREAUTH: (_("Processing"), "warn"),
    PaymentStatus.CONFIRMED: (_("Paid"), "good"),
    PaymentStatus.REJECTED: (_("Declined"), "bad"),
    PaymentStatus.ERROR: (_("Failed"), "bad"),
    PaymentStatus.CANCELLED: (_("Canceled"), ""),
    PaymentStatus.REFUNDED: (_("Refunded"), ""),
}
REFUNDS: dict[str, tuple[str | Promise, str]] = {
    Refund.State.RESERVED: (_("Refund started"), ""),
    Refund.State.SENT: (_("Refund started"), ""),
    Refund.State.DONE: (_("Refunded"), "good"),
    Refund.State.FAILED: (_("Refund failed"), "bad"),
}

KEPT = {
    "withdrawal": _("%(amount)s kept for what was already used"),
    "staff": _("%(amount)s kept as the school decided"),
}
KEPT_BY_POLICY = _("%(amount)s kept under the cancellation policy")


@dataclass(frozen=True)
class StatusText:
    text: str | Promise
    tone: str = ""

    def __str__(self) -> str:
        return str(self.text)


DISPUTED = StatusText(_("Disputed"), "warn")
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
        return gettext("by %(date)s") % {"date": format_date(order.due_date)}
    return gettext("until %(time)s") % {"time": moment_text(order.held_until, at)}


def order_status(order: Order, at: datetime | None = None) -> StatusText:
    if order.state == State.CART:
        return StatusText(gettext("Not ordered yet"))
    if order.state == State.CANCELED:
        return StatusText(gettext("Canceled"))
    if order.state == State.PAID:
        return _paid_order_status(order)
    if order.has_expired(at):
        return StatusText(gettext("Expired"), "bad")
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
    return StatusText(gettext("Refund to pick up") if picked_up else gettext("Refund to be transferred"), "warn")


def _refunded_status(order: Order) -> StatusText:
    if order.amount_charged:
        return StatusText(gettext("Partially refunded"), "good")
    return StatusText(gettext("Refunded"))


def _paid_or_free_status(order: Order) -> StatusText:
    has_price = order.amount_charged or order.early_total
    return StatusText(gettext("Paid") if has_price else gettext("Nothing to pay"), "good")


def line_status(line: OrderLine, at: datetime | None = None) -> StatusText:
    order = line.order
    if order.state != State.PAID:
        return order_status(order, at) if line.canceled_at is None else StatusText(gettext("Canceled"))
    if line.canceled_at is not None:
        return _canceled_line_status(line)
    payments = order.payments.all()
    if any(_has_dispute(payment, Dispute.State.OPEN) for payment in payments):
        return DISPUTED
    if any(_has_dispute(payment, Dispute.State.LOST) for payment in payments):
        return _refunded_status(order)
    returned = Decimal((line.price_facts or {}).get("canceled_by_school", 0))
    return StatusText(gettext("Partially refunded"), "good") if returned else _paid_or_free_status(order)


def _canceled_line_status(line: OrderLine) -> StatusText:
    ended = line.cancellation or {}
    returned = sum((Decimal(ended.get(name, 0)) for name in ("back", "credit", "returned")), Decimal(0))
    if returned:
        return StatusText(gettext("Partially refunded") if line.retained else gettext("Refunded"))
    if any(_has_dispute(payment, Dispute.State.LOST) for payment in line.order.payments.all()):
        return _refunded_status(line.order)
    return StatusText(gettext("Not refunded") if line.retained else gettext("Canceled"))


def _open_order_status(order: Order, at: datetime | None) -> StatusText:
    if order.awaits_click:
        return StatusText(gettext("Waiting for email confirmation"), "warn")
    if order.due_kind == Due.DOOR:
        return StatusText(gettext("Pay at the door"), "warn")
    if order.due_kind == Due.DATE and order.due_date:
        day = {"date": format_date(order.due_date)}
        if order.is_overdue(at):
            return StatusText(gettext("Overdue since %(date)s") % day, "bad")
        return StatusText(gettext("Due by %(date)s") % day, "warn")
    if any(payment.is_on_its_way for payment in order.payments.all()):
        return StatusText(gettext("Payment processing"), "warn")
    return StatusText(gettext("Pay by %(time)s") % {"time": moment_text(order.held_until, at)}, "warn")


def payment_status(payment: Payment) -> StatusText:
    """Prefetch the refunds and the disputes before calling this for a list."""
    if _has_dispute(payment, Dispute.State.OPEN):
        return DISPUTED
    if payment.status == PaymentStatus.CONFIRMED and payment.refunded_amount:
        started = (
            StatusText(gettext("Partially refunded"), "good")
            if payment.refundable_amount
            else StatusText(*REFUNDS[Refund.State.SENT])
        )
        return _handover_status([payment]) or started
    return StatusText(*PAYMENTS[payment.status])


def refund_status(refund: Refund) -> StatusText:
    if handovers.awaits_handover(refund):
        picked_up = handovers.is_refund_picked_up(refund.payment)
        return StatusText(gettext("To be picked up") if picked_up else gettext("To be transferred"), "warn")
    return StatusText(*REFUNDS[refund.state])


def refunded_text(payment: Payment) -> str:
    pending = handovers.amount_awaiting_handover(payment)
    if handovers.is_refund_picked_up(payment):
        pending_text = gettext("%(amount)s to be picked up")
    else:
        pending_text = gettext("%(amount)s to be transferred")
    sums = {gettext("%(amount)s refunded"): payment.refunded_amount - pending, pending_text: pending}
    return ", ".join(_fill_amounts(sums, payment.currency))


def _fill_amounts(sums: Mapping[str, Decimal], currency: str) -> list[str]:
    """Fill each text with its amount, and leave out the texts without one."""
    return [text % {"amount": format_money(amount, currency)} for text, amount in sums.items() if amount]


def cancellation_text(line: OrderLine) -> str:
    if line.cancellation is None:
        return ""
    refunded, credit, returned, kept = (
        Decimal(line.cancellation[name]) for name in ("back", "credit", "returned", "kept")
    )
    picked_up = Decimal(line.cancellation.get("picked_up", 0))
    if picked_up and handovers.handover_text(line.order):
        desk_text = gettext("%(amount)s to pick up at the desk")
    else:
        desk_text = gettext("%(amount)s refunded at the desk")
    sums = {
        gettext("%(amount)s refunded to the original payment method"): refunded - picked_up,
        desk_text: picked_up,
        gettext("%(amount)s added to your account credit"): credit + returned,
        str(KEPT.get(line.ended_by, KEPT_BY_POLICY)): kept,
    }
    parts = _fill_amounts(sums, line.order.currency)
    return f"{'; '.join(parts) or gettext('No refund')}."
