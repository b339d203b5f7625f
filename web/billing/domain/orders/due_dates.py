"""Orders that are due on a date, set by the desk or by a payer's permission to pay later. They never expire."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from billing import events
from billing.domain import locks
from billing.domain.orders import transitions
from billing.domain.orders.payments_in_progress import (
    PaymentInProgress,
    is_promised,
    payment_in_progress,
    refuse_payment_in_progress,
)
from billing.domain.pricing import balances
from billing.models import Order
from history.domain import record
from outbox.domain import emit
from users.models import User

State, Due = Order.State, Order.Due
SOON = timedelta(days=3)
PAY_LATER = "billing.pay_later"


# -- payers who may pay later ------------------------------------------------------------------------------------


def day_for(payer: User | None, at: datetime) -> date | None:
    if payer is None or not settings.PAY_LATER_DAYS or not payer.has_perm(PAY_LATER):
        return None
    return timezone.localdate(at) + timedelta(days=settings.PAY_LATER_DAYS)


@transaction.atomic
def trust(account: User, trusted: bool, *, why: str, by: User) -> None:
    app, codename = PAY_LATER.split(".")
    permission = Permission.objects.get(content_type__app_label=app, codename=codename)
    if trusted:
        account.user_permissions.add(permission)
    else:
        account.user_permissions.remove(permission)
    record(by, "billing.trusted" if trusted else "billing.trusted_no_more", account, why=why)


# -- the desk ----------------------------------------------------------------------------------------------------


@transaction.atomic
def until(order: Order, on: date, at: datetime, *, why: str, by: User) -> None:
    """Restores an expired order if everything in it is still available. Raises OrderTransitionRefused."""
    order = locks.order(order.pk)
    if order.has_lapsed(at):
        refuse_payment_in_progress(order, at)
        order = transitions.take_up(order, at)
    if order.state != State.PLACED:
        raise transitions.CannotBe("Nothing is due on this order.")
    order.due, order.due_on, order.held_until, order.reminded_at = Due.DATE, on, None, None
    order.save(update_fields=["due", "due_on", "held_until", "reminded_at"])
    transitions.hold(order, locks.live_lines(order), at)
    record(by, "billing.due_set", order, why=why, on=on.isoformat())
    emit(events.ORDER_KEPT, key=f"{order.pk} by {on.isoformat()} {at.isoformat()}", order_id=order.pk)


@transaction.atomic
def ask(order: Order, at: datetime, *, by: User) -> None:
    order = locks.order(order.pk)
    if not order.can_be_paid(at) or not balances.owed(order, at):
        raise transitions.CannotBe("Nothing is due on this order.")
    if (payment := payment_in_progress(order, at)) and payment.is_on_its_way:
        raise PaymentInProgress(payment)
    if not order.payer_email:
        raise transitions.CannotBe("The order has no email address.")
    if order.reminded_at and timezone.localdate(order.reminded_at) == timezone.localdate(at):
        raise transitions.CannotBe("A payment request was already sent today.")
    _tell(order, at)
    record(by, "billing.payer_asked", order)


# -- the job -----------------------------------------------------------------------------------------------------


def remind(at: datetime | None = None) -> int:
    # Each order gets a reminder shortly before the due date and one after it, unless the desk has just sent a request.
    at = at or timezone.now()
    today = timezone.localdate(at)
    before = Q(due_on__range=(today, today + SOON)) & (Q(reminded_at=None) | Q(reminded_at__lt=at - SOON))
    after = Q(due_on__lt=today) & (Q(reminded_at=None) | Q(reminded_at__date__lte=F("due_on")))
    orders = Order.objects.filter(before | after, state=State.PLACED, due=Due.DATE).order_by("due_on")
    sent = 0
    for listed in orders[:500]:
        with transaction.atomic():
            order = locks.order(listed.pk)
            # Another worker may have sent the reminder in the meantime.
            is_reminded = order.reminded_at != listed.reminded_at
            if not is_reminded and order.state == State.PLACED and not is_promised(order):
                _tell(order, at)
                sent += 1
    return sent


def _tell(order: Order, at: datetime) -> None:
    order.reminded_at = at
    order.save(update_fields=["reminded_at"])
    emit(events.PAYMENT_DUE, key=f"{order.pk} {at.isoformat()}", order_id=order.pk)
