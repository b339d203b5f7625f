"""Drafts of the mails about an order. They go to the payer, except for those about disputes."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from billing.models import CanceledBy, Dispute, Order, OrderLine, Refund
from mailroom.domain import draft_message


def draft_order_mail(name: str, order: Order, *, key: Any, hold: bool = False, **data: Any) -> None:
    """An order that was entered at the desk or whose payer was erased may have no address."""
    if order.payer_email:
        draft_message(
            f"billing.{name}",
            to=order.payer_email,
            person_id=order.payer_id,
            key=str(key),
            data={"order_id": order.pk} | data,
            about=("order", order.pk),
            hold=hold,
        )


def draft_order_received(order: Order) -> None:
    """Ask a visitor without an account to confirm the address first. An order that is paid gets a receipt instead."""
    if order.awaits_click:
        draft_order_mail("confirm_spot", order, key=order.pk)
    elif order.due_kind != Order.Due.NOW and order.state != Order.State.PAID:
        draft_order_mail("order_received", order, key=f"{order.pk} {order.due_kind} {order.due_date or ''}")


def draft_order_canceled(order: Order) -> None:
    withdrawn = next((line for line in order.lines.all() if line.ended_by == CanceledBy.WITHDRAWAL), None)
    if withdrawn is None:
        draft_order_mail("order_canceled", order, key=order.pk)
    else:
        draft_order_mail("withdrawal_received", order, key=order.pk, line_id=withdrawn.pk)


def draft_lines_canceled(order: Order, lines: Sequence[OrderLine]) -> None:
    """Draft one mail for the lines of an order that were canceled together. A line that was exchanged is not mailed
    about, and an unpaid order that is canceled with its last line has a mail of its own."""
    line = next((line for line in lines if line.exchanged_at is None), None)
    if line is not None and order.state != Order.State.CANCELED:
        name = "withdrawal_received" if line.ended_by == CanceledBy.WITHDRAWAL else "line_canceled"
        draft_order_mail(name, order, key=f"{order.pk} {line.canceled_at}", line_id=line.pk)


def draft_refund_mail(name: str, order: Order, refund: Refund) -> None:
    draft_order_mail(name, order, key=refund.pk, refund_id=refund.pk)


def draft_dispute_mail(order: Order, dispute: Dispute) -> None:
    if settings.OFFICE_EMAIL:  # The office has to answer before the bank's deadline.
        draft_message(
            "billing.dispute",
            to=settings.OFFICE_EMAIL,
            key=f"{dispute.pk} {dispute.state}",
            data={"dispute_id": dispute.pk},
            about=("order", order.pk),
        )
