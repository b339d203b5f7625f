"""Payments of an order that are in progress. Check for them, with the order locked, before anything else pays it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import prefetch_related_objects
from payments import PaymentStatus

from billing import events, gateways
from billing.errors import PaymentInProgress
from billing.models import Order, Payment
from common.formats import format_date, format_money
from outbox.domain import emit

UNDECIDED = (PaymentStatus.WAITING, PaymentStatus.INPUT)
GRACE = timedelta(hours=1)
"""After its deadline, an attempt still counts for this long unless the gateway has ended it."""
PROCESSING_TEXT = (
    "A payment of {} is on its way from the bank and can’t be stopped. Method: {}. "
    "We’ll know by {} whether it went through."
)
STARTED_TEXT = "A payment of {} has been started. Method: {}. Finish it, or cancel it to pay another way."


def payment_in_progress(order: Order, at: datetime) -> Payment | None:
    return next((payment for payment in order.payments.all() if _can_still_succeed(payment, at)), None)


def _can_still_succeed(payment: Payment, at: datetime) -> bool:
    """Without another step on our side."""
    if payment.status not in UNDECIDED:
        return payment.is_on_its_way
    if payment.session:
        return payment.session_until is None or payment.session_until > at - GRACE
    return not payment.message and payment.created > at - GRACE


def check_no_payment_in_progress(order: Order, at: datetime) -> None:
    """Raises PaymentInProgress. Otherwise it also cancels the attempts that never reached a gateway.

    The caller has locked the order and takes money in the same transaction.
    """
    if payment := payment_in_progress(order, at):
        raise PaymentInProgress(progress_text(payment))
    cancel_unstarted_attempts_of_order(order)


def cancel_unstarted_attempts_of_order(order: Order, but: Payment | None = None) -> None:
    for payment in order.payments.all():
        if payment.status in UNDECIDED and not payment.session and payment != but:
            payment.change_status(PaymentStatus.CANCELLED)


def request_closing_of_attempts(orders: Sequence[Order], at: datetime) -> None:
    """Have a worker ask the gateways to close attempts that must not be paid anymore."""
    prefetch_related_objects(orders, "payments")
    for order in orders:
        if any(payment.status in UNDECIDED for payment in order.payments.all()):
            emit(events.ATTEMPTS_OUTDATED, key=f"{order.pk} {at.isoformat()}", order_id=order.pk)


def has_payment_processing(order: Order) -> bool:
    return any(payment.is_on_its_way for payment in order.payments.all())


def progress_text(payment: Payment) -> str:
    amount, method = format_money(payment.total, payment.currency), gateways.gateway_label(payment)
    if payment.is_on_its_way:
        return PROCESSING_TEXT.format(amount, method, format_date(bank_answer_due_at(payment)))
    return STARTED_TEXT.format(amount, method)


def bank_answer_due_at(payment: Payment) -> datetime:
    return (payment.submitted_at or payment.created) + timedelta(days=settings.BANK_DAYS)
