"""The receivers of events about orders and money; hepcat.workflows connects them."""

from typing import Any

from billing.domain.cancellations.cancellation_options import CanceledBy
from billing.domain.order_mails import draft_order_mail
from billing.domain.payments import gateway_polling
from billing.events import RefundPayload
from billing.models import Order
from outbox.declare import runs_outside_transaction


@runs_outside_transaction
def send_refund(event: Any) -> None:
    gateway_polling.send_reserved_refund(event.payload.refund_id)


@runs_outside_transaction
def poll_gateway(event: Any) -> None:
    gateway_polling.poll_payment(event.payload.payment_id)


@runs_outside_transaction
def close_unneeded_attempts(event: Any) -> None:
    gateway_polling.close_unneeded_attempts(Order.objects.get(pk=event.payload.order_id))


def mail_order_canceled(event: Any) -> None:
    order = Order.objects.get(pk=event.payload.order_id)
    withdrawn_line = next((line for line in order.lines.all() if line.ended_by == CanceledBy.WITHDRAWAL), None)
    if withdrawn_line is None:
        draft_order_mail("order_canceled", order, key=order.pk)
    else:
        draft_order_mail("withdrawal_received", order, key=order.pk, line_id=withdrawn_line.pk)


def mail_line_canceled(event: Any) -> None:
    """Draft one mail for all lines that were canceled together. A line that was exchanged is not mailed about, and an
    unpaid order that is canceled with its last line has a mail of its own."""
    order = Order.objects.get(pk=event.payload.order_id)
    line = order.lines.get(pk=event.payload.line_id)
    if order.state != Order.State.CANCELED and line.exchanged_at is None:
        name = "withdrawal_received" if line.ended_by == CanceledBy.WITHDRAWAL else "line_canceled"
        draft_order_mail(name, order, key=f"{order.pk} {line.canceled_at}", line_id=line.pk)


def mail_refund_ready(event: Any) -> None:
    _draft_refund_mail("refund_ready", event.payload)


def mail_refund_completed(event: Any) -> None:
    _draft_refund_mail("refund_completed", event.payload)


def _draft_refund_mail(name: str, payload: RefundPayload) -> None:
    order = Order.objects.get(pk=payload.order_id)
    draft_order_mail(name, order, key=payload.refund_id, refund_id=payload.refund_id)
