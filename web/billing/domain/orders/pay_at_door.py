"""Orders that are paid at the door. Without an account, the payer confirms the spots by clicking an emailed link."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from billing.domain import locks, product_kinds
from billing.domain.order_mails import draft_order_mail, draft_order_received
from billing.domain.orders import transitions
from billing.domain.orders.payments_in_progress import check_no_payment_in_progress
from billing.errors import ConfirmationLinkExpired, OrderTransitionRefused
from billing.models import Order, OrderLine
from common import throttle

State, Due = Order.State, Order.Due
LINK_RATE = throttle.Rate.parse("3/d")
NOT_AT_THE_DOOR = "This order cannot be paid at the door."


def confirmation_deadline(next_starts: Iterable[datetime | None], at: datetime) -> datetime:
    # The deadline is never later than the next meeting of any line.
    return min([at + timedelta(hours=settings.DOOR_CONFIRM_HOURS), *filter(None, next_starts)])


def check_unconfirmed_spots(order: Order, lines: list[OrderLine], at: datetime) -> None:
    # Known and unknown addresses are counted the same way, so that the answer does not reveal who has an account.
    locks.lock_email_address(order.payer_email)
    orders = Order.objects.filter(
        state=State.PLACED, due_kind=Due.DOOR, held_until__gt=at, payer_email=order.payer_email
    )
    open_spots = OrderLine.objects.filter(canceled_at=None, order__in=orders)
    if open_spots.exclude(order=order).count() + len(lines) > settings.DOOR_OPEN_SPOTS:
        raise OrderTransitionRefused(
            f"Without logging in, you can hold {settings.DOOR_OPEN_SPOTS} unconfirmed spots to pay at the door. "
            "Click the links we’ve emailed you, log in, or pay online to reserve these spots now.",
            code="too_many_unconfirmed_spots",
        )


@transaction.atomic
def switch_to_pay_at_door(order: Order, at: datetime, *, is_owner: bool = False) -> None:
    """`is_owner` means that the visitor's account has the payer's address, so that no link has to be clicked.

    Raises OrderTransitionRefused, also while a payment is in progress.
    """
    order = locks.lock_order(order.pk)
    if order.due_kind == Due.DOOR and order.state == State.PLACED:
        return
    if not order.can_be_paid(at) or not transitions.can_be_paid_at_door(order):
        raise OrderTransitionRefused(NOT_AT_THE_DOOR)
    check_no_payment_in_progress(order, at)
    lines = locks.live_lines(order)
    needs_click = order.payer is None and not is_owner
    if needs_click:
        check_unconfirmed_spots(order, lines, at)
    next_starts = (product_kinds.kind_of_line(line).next_start(line, at) for line in lines)
    order.due_kind, order.held_until = Due.DOOR, confirmation_deadline(next_starts, at) if needs_click else None
    order.save(update_fields=["due_kind", "held_until"])
    transitions.hold_lines(order, lines, at)
    draft_order_received(order)


@transaction.atomic
def resend_confirmation_link(order: Order, at: datetime) -> None:
    order = locks.lock_order(order.pk)
    is_allowed = not throttle.count_attempt(f"link of order {order.pk}", LINK_RATE)
    if is_allowed and order.awaits_click and not order.has_expired(at):
        draft_order_mail("confirm_spot", order, key=f"{order.pk} {at.isoformat()}")


@transaction.atomic
def confirm_door_order(order: Order, at: datetime) -> None:
    """A second click does nothing. Raises ConfirmationLinkExpired, or ProductUnavailable if a line has no spot left."""
    order = locks.lock_order(order.pk)
    if order.has_expired(at):
        raise ConfirmationLinkExpired
    if not order.awaits_click:
        return
    order.held_until = None
    order.save(update_fields=["held_until"])
    transitions.hold_lines(order, locks.live_lines(order), at)
    draft_order_received(order)
