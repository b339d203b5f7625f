"""Payments of an order that are in progress. Check for them, with the order locked, before anything else pays it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from payments import PaymentStatus

from billing import gateways
from billing.errors import PaymentInProgress
from billing.models import Order, Payment
from common.formats import format_date, format_money

UNDECIDED = (PaymentStatus.WAITING, PaymentStatus.INPUT)
GRACE = timedelta(hours=1)
"""After its deadline, an attempt still counts for this long unless the gateway has ended it."""
PROCESSING_TEXT = (
    "A payment of {} is on its way from the bank and can’t be stopped. Method: {}. "
    "We’ll know by {} whether it went through."
)
STARTED_TEXT = "A payment of {} has been started. Method: {}. Finish it, or cancel it to pay another way."


def payment_in_progress(order: Order, at: datetime) -> Payment | None:
    # This payment may still succeed without another step on our side.
    at_the_gateway = ~Q(session="") & (Q(session_until=None) | Q(session_until__gt=at - GRACE))
    just_begun = Q(session="", message="", created__gt=at - GRACE)
    can_still_pay = Q(status=PaymentStatus.PREAUTH) | Q(status__in=UNDECIDED) & (at_the_gateway | just_begun)
    return order.payments.filter(can_still_pay).first()


def check_no_payment_in_progress(order: Order, at: datetime) -> None:
    """Raises PaymentInProgress. Otherwise it also cancels the attempts that never reached a gateway.

    The caller has locked the order and takes money in the same transaction.
    """
    if payment := payment_in_progress(order, at):
        raise PaymentInProgress(progress_text(payment))
    cancel_unstarted_attempts_of_order(order)


def cancel_unstarted_attempts_of_order(order: Order, but: Payment | None = None) -> None:
    unstarted = order.payments.filter(status__in=UNDECIDED, session="")
    for payment in unstarted.exclude(pk=but.pk if but else None):
        payment.change_status(PaymentStatus.CANCELLED)


def has_payment_processing(order: Order) -> bool:
    return order.payments.filter(status=PaymentStatus.PREAUTH).exists()


def progress_text(payment: Payment) -> str:
    amount, method = format_money(payment.total, payment.currency), gateways.gateway_label(payment)
    if payment.is_on_its_way:
        return PROCESSING_TEXT.format(amount, method, format_date(bank_answer_due_at(payment)))
    return STARTED_TEXT.format(amount, method)


def bank_answer_due_at(payment: Payment) -> datetime:
    return (payment.submitted_at or payment.created) + timedelta(days=settings.BANK_DAYS)
