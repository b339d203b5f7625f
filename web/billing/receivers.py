"""The receivers of events about orders and money; hepcat.workflows connects them."""

from typing import Any

from django.conf import settings

from billing.domain.cancellations.cancellation_options import CanceledBy
from billing.domain.payments import gateway_polling
from billing.models import Order
from mailroom.domain import draft_message
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


def mail_dispute(event: Any) -> None:
    if settings.OFFICE_EMAIL:  # The office has to answer before the bank's deadline.
        draft_message(
            "billing.dispute",
            to=settings.OFFICE_EMAIL,
            key=f"event:{event.pk}",
            data={"dispute_id": event.payload.dispute_id},
            about=("order", event.payload.order_id),
        )


def mail_payment_pending(event: Any) -> None:
    _draft_mail_for_event("payment_pending", event)


def mail_order_received(event: Any) -> None:
    """Ask a visitor without an account to confirm the address first. An order that is paid gets a receipt instead."""
    order = Order.objects.get(pk=event.payload.order_id)
    if order.awaits_click:
        _draft_order_mail("confirm_spot", order, event, key=f"{order.pk}")
    elif order.due_kind != Order.Due.NOW and order.state != Order.State.PAID:
        _draft_order_mail("order_received", order, event, key=f"{order.pk} {order.due_kind} {order.due_date or ''}")


def mail_link_again(event: Any) -> None:
    _draft_mail_for_event("confirm_spot", event)


def mail_receipt(event: Any) -> None:
    _draft_mail_for_event("receipt", event)


def mail_hold_reminder(event: Any) -> None:
    _draft_mail_for_event("hold_reminder", event)


def mail_payment_due(event: Any) -> None:
    _draft_mail_for_event("payment_due", event)


def mail_payment_failed(event: Any) -> None:
    """Draft the mail on hold. A job of billing.domain.payments.failure_mail releases it unless the order is paid."""
    order = Order.objects.get(pk=event.payload.order_id)
    _draft_order_mail("payment_failed", order, event, hold=True)


def mail_order_expired(event: Any) -> None:
    order = Order.objects.get(pk=event.payload.order_id)
    if order.state == Order.State.EXPIRED:  # A late payment may have reopened the order since.
        _draft_order_mail("order_expired", order, event)


def mail_order_canceled(event: Any) -> None:
    order = Order.objects.get(pk=event.payload.order_id)
    withdrawn_line = next((line for line in order.lines.all() if line.ended_by == CanceledBy.WITHDRAWAL), None)
    if withdrawn_line is None:
        _draft_order_mail("order_canceled", order, event)
    else:
        _draft_order_mail("withdrawal_received", order, event, line_id=withdrawn_line.pk)


def mail_line_canceled(event: Any) -> None:
    """Draft one mail for all lines that were canceled together. A line that was exchanged is not mailed about, and an
    unpaid order that is canceled with its last line has a mail of its own."""
    order = Order.objects.get(pk=event.payload.order_id)
    line = order.lines.get(pk=event.payload.line_id)
    if order.state != Order.State.CANCELED and line.exchanged_at is None:
        name = "withdrawal_received" if line.ended_by == CanceledBy.WITHDRAWAL else "line_canceled"
        _draft_order_mail(name, order, event, key=f"{order.pk} {line.canceled_at}", line_id=line.pk)


def mail_late_payment(event: Any) -> None:
    _draft_mail_for_event("late_payment_received", event, honored=event.payload.honored)


def mail_refund_ready(event: Any) -> None:
    _draft_mail_for_event("refund_ready", event, refund_id=event.payload.refund_id)


def mail_refund_completed(event: Any) -> None:
    _draft_mail_for_event("refund_completed", event, refund_id=event.payload.refund_id)


def _draft_mail_for_event(name: str, event: Any, **data: Any) -> None:
    _draft_order_mail(name, Order.objects.get(pk=event.payload.order_id), event, **data)


def _draft_order_mail(name: str, order: Order, event: Any, *, key: str = "", hold: bool = False, **data: Any) -> None:
    # An order that was entered at the desk or whose payer was erased has no address. Each key is mailed once.
    if order.payer_email:
        draft_message(
            f"billing.{name}",
            to=order.payer_email,
            person_id=order.payer_id,
            key=key or f"event:{event.pk}",
            data={"order_id": order.pk} | data,
            about=("order", order.pk),
            hold=hold,
        )
