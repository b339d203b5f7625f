"""Drafts of the mails about an order. They go to the payer, except for those about disputes."""

from typing import Any

from django.conf import settings

from billing.models import Dispute, Order
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


def draft_dispute_mail(order: Order, dispute: Dispute) -> None:
    if settings.OFFICE_EMAIL:  # The office has to answer before the bank's deadline.
        draft_message(
            "billing.dispute",
            to=settings.OFFICE_EMAIL,
            key=f"{dispute.pk} {dispute.state}",
            data={"dispute_id": dispute.pk},
            about=("order", order.pk),
        )
