"""Payment attempts. An attempt is started for the open balance, and confirmed only by what the gateway captured."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone
from payments import PaymentError, PaymentStatus, RedirectNeeded

from billing import gateways
from billing.domain import locks, payment_issues
from billing.domain.order_mails import draft_order_mail
from billing.domain.orders import transitions
from billing.domain.orders.payments_in_progress import (
    UNDECIDED,
    cancel_unstarted_attempts_of_order,
    check_no_payment_in_progress,
    payment_in_progress,
    progress_text,
)
from billing.domain.payments.received_moments import received_moment_of
from billing.domain.pricing import balances
from billing.domain.refunds import reservations
from billing.errors import NoOpenBalance, PaymentInProgress
from billing.gateways.facts import AttemptExpired, PaymentCaptured, PaymentDeclined, PaymentPending
from billing.models import Order, Payment, PaymentIssue
from billing.models.payments import OPEN
from common.errors import NeedsPerson, PermanentFailure, TemporaryFailure
from common.formats import format_money
from common.money import is_payable_amount
from history.domain import record_action
from users.models import User

FAILED = (PaymentStatus.REJECTED, PaymentStatus.ERROR)
ENDS = {
    PaymentPending: (PaymentStatus.PREAUTH, UNDECIDED),
    PaymentDeclined: (PaymentStatus.REJECTED, OPEN),
    AttemptExpired: (PaymentStatus.CANCELLED, UNDECIDED),
}
TIME_TO_FINISH = timedelta(minutes=2)
RETRY_FOR = timedelta(hours=1)


@transaction.atomic
def start_attempt(order: Order, variant: str, at: datetime) -> Payment:
    """Returns the open attempt on a double click. Raises PaymentInProgress."""
    order = locks.lock_order(order.pk)
    prefetch_related_objects([order], "payments")
    owed = balances.open_balance(order, at)
    if not order.can_be_paid(at) or owed <= 0:
        raise NoOpenBalance
    alike = (payment for payment in order.payments.all() if (payment.variant, payment.total) == (variant, owed))
    same = next((payment for payment in alike if _is_resumable(payment, at)), None)
    if (other := payment_in_progress(order, at)) and other != same:
        raise PaymentInProgress(progress_text(other))
    cancel_unstarted_attempts_of_order(order, but=same)
    order.refresh_from_db(fields=["payments"])  # Drops the payments in memory, without a query.
    return same or _create_attempt(order, variant, owed)


def _is_resumable(payment: Payment, at: datetime) -> bool:
    if not payment.is_undecided:
        return False
    if payment.session:
        return payment.session_until is None or payment.session_until > at + TIME_TO_FINISH
    # An attempt that could not be started for an hour gets a new idempotency key, so it is not reused.
    return payment.created > at - RETRY_FOR


def _create_attempt(order: Order, variant: str, total: Decimal) -> Payment:
    first, _, last = order.payer_name.partition(" ")
    payment = Payment(
        order=order,
        token=str(uuid4()),
        variant=variant,
        total=total,
        currency=order.currency,
        description=f"Order {order.number}",
        billing_first_name=first,
        billing_last_name=last,
        billing_email=order.payer_email,
        billing_address_1=order.street,
        billing_city=order.city,
        billing_postcode=order.postcode,
        billing_country_area=order.area,
    )
    payment.save()
    return payment


def open_gateway(payment: Payment) -> str:
    """Returns the address at which the payer continues. Call it outside of any transaction."""
    try:
        gateways.gateway_of(payment).get_form(payment)
    except RedirectNeeded as onward:
        return str(onward)
    except TemporaryFailure as fault:
        Payment.objects.filter(pk=payment.pk, status__in=OPEN).update(message=str(fault))
    except (PaymentError, PermanentFailure, NeedsPerson) as fault:
        with transaction.atomic():
            if isinstance(fault, NeedsPerson):
                order = locks.lock_order(payment.order_id)
                payment_issues.open_issue(PaymentIssue.Kind.OTHER, order, f"Payment isn’t possible: {fault}", payment)
            payment.change_status(PaymentStatus.ERROR, str(fault))
    return payment.get_failure_url()


@transaction.atomic
def confirm_payment(payment: Payment, taken: PaymentCaptured) -> bool:
    order = locks.lock_order(payment.order_id)
    is_changed = apply_attempt_fact(order, locks.lock_payment(order, payment.pk), taken)
    payment.refresh_from_db()
    return is_changed


def apply_attempt_fact(
    order: Order, payment: Payment, fact: PaymentCaptured | PaymentPending | PaymentDeclined | AttemptExpired
) -> bool:
    """Returns whether it changes anything. An attempt that has ended changes only when the gateway captures money.

    The caller has locked the order and the payment.
    """
    if isinstance(fact, PaymentCaptured):
        return _apply_capture(order, payment, fact)
    status, before = ENDS[type(fact)]
    is_being_captured = payment.capturing_until is not None and payment.capturing_until > timezone.now()
    if payment.status not in before or (isinstance(fact, AttemptExpired) and is_being_captured):
        return False
    return _change_status(order, payment, status, getattr(fact, "message", ""))


def _apply_capture(order: Order, payment: Payment, taken: PaymentCaptured) -> bool:
    """A different amount or currency opens a payment issue and does not confirm the payment."""
    if payment.captured_at is not None:
        # The same reference means the same money. Another reference means that the payer paid twice.
        if taken.reference and payment.transaction_id and taken.reference != payment.transaction_id:
            received = format_money(taken.amount, taken.currency)
            text = f"{received} was received a second time, with the reference {taken.reference}."
            payment_issues.open_issue_once(PaymentIssue.Kind.MISFIT, order, text, payment)
            return False
        outdated = Payment.objects.filter(pk=payment.pk).exclude(fee=taken.fee)
        return taken.fee is not None and bool(outdated.update(fee=taken.fee))
    about = {
        "transaction_id": taken.reference or payment.transaction_id,
        "fee": taken.fee if taken.fee is not None else payment.fee,
    }
    if (taken.amount, taken.currency) == (payment.total, payment.currency):
        return _change_status(order, payment, PaymentStatus.CONFIRMED, about=about)
    received = format_money(taken.amount, taken.currency)
    text = f"{received} received instead of {format_money(payment.total, payment.currency)}."
    payment_issues.open_issue_once(PaymentIssue.Kind.WRONG_AMOUNT, order, text, payment)
    Payment.objects.filter(pk=payment.pk).update(**about)
    _change_status(order, payment, PaymentStatus.ERROR, "The bank charged a different amount. We’re checking it.")
    return False


def _change_status(
    order: Order, payment: Payment, status: str, message: str = "", about: Mapping[str, Any] | None = None
) -> bool:
    is_changed = payment.store_status(status, message, **about or {})
    if is_changed:
        apply_status_change(order, payment)
    return is_changed


def apply_status_change(order: Order, payment: Payment) -> None:
    """The caller has locked the order and the payment."""
    if payment.status == PaymentStatus.CONFIRMED:
        transitions.apply_payment(order, payment, time_of_payment(payment), timezone.now())
    elif payment.status == PaymentStatus.PREAUTH:
        transitions.extend_hold(order, timezone.now(), timedelta(days=settings.BANK_DAYS))
        if order.state in (Order.State.PLACED, Order.State.EXPIRED):
            draft_order_mail("payment_pending", order, key=payment.pk)
    elif payment.status in FAILED:
        if payment.submitted_at is not None:
            # The bank took days, so the payer is no longer online and gets a day to pay another way.
            transitions.extend_hold(order, timezone.now(), timedelta(days=1))
        if not payment.payment_issues.filter(kind=PaymentIssue.Kind.WRONG_AMOUNT).exists():
            # It is released by failure_mail.py, because most payers pay another way right away.
            draft_order_mail("payment_failed", order, key=payment.pk, hold=True)


def time_of_payment(payment: Payment) -> datetime:
    """The payer has paid when nothing is left to do for them, even if the bank takes days to answer."""
    return payment.received_at or payment.submitted_at or payment.captured_at or timezone.now()


@transaction.atomic
def record_desk_payment(
    order: Order,
    variant: str,
    amount: Decimal | None,
    *,
    by: User,
    received_on: date,
    moment: datetime | None = None,
    reference: str = "",
    accept_changes: bool = False,
    received: Decimal | None = None,
) -> Payment:
    """Records cash, a check or a bank transfer. Without an amount, the whole balance is paid.

    An expired order is restored first; raises OrderTransitionRefused if that fails or would change the order.
    `moment` is needed on a day on which an early price ended; raises PaymentRefused without it.
    `received` is the amount that the desk saw as received before, so that no payment is recorded twice.
    """
    order = locks.lock_order(order.pk)
    reservations.check_balance_unchanged(order, received)
    if not gateways.gateway_named(variant).by_hand:
        raise ValueError(f"{variant} cannot be recorded at the desk.")
    at = timezone.now()
    check_no_payment_in_progress(order, at)
    is_expired = order.has_expired(at)
    if is_expired:
        order = transitions.reinstate_order(order, at, accept_changes=accept_changes)
    if order.state != Order.State.PLACED:
        raise NoOpenBalance
    paid_at = received_moment_of(order, received_on, at, moment)
    owed = balances.open_balance(order, paid_at)
    amount = owed if amount is None else amount
    if not is_payable_amount(amount, order.currency) or not 0 < amount <= owed:
        raise NoOpenBalance
    payment = _create_attempt(order, variant, amount)
    Payment.objects.filter(pk=payment.pk).update(
        received_on=received_on, received_at=paid_at, recorded_by=by, transaction_id=reference
    )
    payment.received_on, payment.received_at = received_on, paid_at
    details = {"amount": str(amount), "currency": order.currency, "variant": variant, "on": received_on.isoformat()}
    record_action(by, "billing.payment_recorded", order, **details)
    payment.change_status(PaymentStatus.CONFIRMED)
    if is_expired:
        record_action(by, "billing.order_reinstated", order)
    return payment
