"""Orders that are due on a date, set by the desk or by a payer's permission to pay later. They never expire."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from billing.domain import locks
from billing.domain.order_mails import draft_order_mail, draft_order_received
from billing.domain.orders import transitions
from billing.domain.orders.payments_in_progress import (
    check_no_payment_in_progress,
    has_payment_processing,
    payment_in_progress,
    progress_text,
)
from billing.domain.pricing import balances
from billing.errors import OrderTransitionRefused, PaymentInProgress, ProductUnavailable
from billing.models import Order
from history.domain import record_action
from users.models import User

State, Due = Order.State, Order.Due
SOON = timedelta(days=3)
PAY_LATER = "billing.pay_later"


# -- payers who may pay later ------------------------------------------------------------------------------------


def due_date_for(payer: User | None, at: datetime) -> date | None:
    if payer is None or not settings.PAY_LATER_DAYS or not payer.has_perm(PAY_LATER):
        return None
    return timezone.localdate(at) + timedelta(days=settings.PAY_LATER_DAYS)


@transaction.atomic
def set_pay_later_allowed(account: User, trusted: bool, *, why: str, by: User) -> None:
    app, codename = PAY_LATER.split(".")
    permission = Permission.objects.get(content_type__app_label=app, codename=codename)
    if trusted:
        account.user_permissions.add(permission)
    else:
        account.user_permissions.remove(permission)
    record_action(by, "billing.pay_later_allowed" if trusted else "billing.pay_later_withdrawn", account, why=why)


# -- the desk ----------------------------------------------------------------------------------------------------


@transaction.atomic
def set_due_date(order: Order, on: date, at: datetime, *, why: str, by: User) -> None:
    """Restores an expired order if everything in it is still available. Raises OrderTransitionRefused."""
    order = locks.lock_order(order.pk)
    if order.has_expired(at):
        check_no_payment_in_progress(order, at)
        order = transitions.restore_expired_order(order, at)
    if order.state != State.PLACED:
        raise OrderTransitionRefused("Nothing is due on this order.")
    order.due_kind, order.due_date, order.held_until, order.reminded_at = Due.DATE, on, None, None
    order.save(update_fields=["due_kind", "due_date", "held_until", "reminded_at"])
    try:
        transitions.hold_lines(order, locks.live_lines(order), at)
    except ProductUnavailable as unavailable:
        raise OrderTransitionRefused(str(unavailable)) from unavailable
    record_action(by, "billing.due_date_set", order, why=why, on=on.isoformat())
    draft_order_received(order)


@transaction.atomic
def send_payment_request(order: Order, at: datetime, *, by: User) -> None:
    order = locks.lock_order(order.pk)
    if not order.can_be_paid(at) or not balances.open_balance(order, at):
        raise OrderTransitionRefused("Nothing is due on this order.")
    if (payment := payment_in_progress(order, at)) and payment.is_on_its_way:
        raise PaymentInProgress(progress_text(payment))
    if not order.payer_email:
        raise OrderTransitionRefused("The order has no email address.")
    if order.reminded_at and timezone.localdate(order.reminded_at) == timezone.localdate(at):
        raise OrderTransitionRefused("A payment request was already sent today.")
    _remind_of_payment(order, at)
    record_action(by, "billing.payer_asked", order)


# -- the job -----------------------------------------------------------------------------------------------------


def send_due_date_reminders(at: datetime | None = None) -> int:
    # Each order gets a reminder shortly before the due date and one after it, unless the desk has just sent a request.
    at = at or timezone.now()
    today = timezone.localdate(at)
    before = Q(due_date__range=(today, today + SOON)) & (Q(reminded_at=None) | Q(reminded_at__lt=at - SOON))
    after = Q(due_date__lt=today) & (Q(reminded_at=None) | Q(reminded_at__date__lte=F("due_date")))
    orders = Order.objects.filter(before | after, state=State.PLACED, due_kind=Due.DATE).order_by("due_date")
    sent = 0
    for listed in orders[:500]:
        with transaction.atomic():
            order = locks.lock_order(listed.pk)
            # Another worker may have sent the reminder in the meantime.
            is_reminded = order.reminded_at != listed.reminded_at
            if not is_reminded and order.state == State.PLACED and not has_payment_processing(order):
                _remind_of_payment(order, at)
                sent += 1
    return sent


def _remind_of_payment(order: Order, at: datetime) -> None:
    order.reminded_at = at
    order.save(update_fields=["reminded_at"])
    draft_order_mail("payment_due", order, key=f"{order.pk} {at.isoformat()}")
