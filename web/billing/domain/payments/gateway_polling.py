"""Polling gateways, outside of any transaction: when the payer returns, after some messages, and on a schedule."""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from payments import PaymentStatus

from billing import events, gateways
from billing.domain.orders.payments_in_progress import UNDECIDED, payment_in_progress, progress_text
from billing.domain.payments import webhooks
from billing.domain.pricing import balances
from billing.domain.refunds import reservations
from billing.errors import PaymentInProgress
from billing.gateways.facts import AttemptExpired, Fact
from billing.models import Dispute, Order, Payment, Refund
from billing.models.payments import OPEN
from common.errors import WorkFailure
from common.network import gateway_slot, refuse_inside_transaction
from history.domain import record_action
from outbox.domain import emit
from users.models import User

log = logging.getLogger(__name__)
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(days=1)
STOP_POLLING_AFTER = timedelta(days=120)
CANCEL_UNSTARTED_AFTER = timedelta(days=1)


def poll_payment(payment_id: int) -> bool:
    """Returns whether anything changed. Raises the exceptions of the gateway, after scheduling the next poll."""
    refuse_inside_transaction()
    payment = Payment.objects.select_related("order").get(pk=payment_id)
    schedule_next_poll(payment, timezone.now())
    try:
        gateway = gateways.gateway_of(payment)
    except gateways.UnknownGateway:
        return False
    is_changed = webhooks.apply_polled_state(payment, gateway.poll_payment(payment))
    schedule_next_poll(payment, timezone.now())
    return is_changed


def poll_returning_payer(payment: Payment, *, canceled: bool = False) -> None:
    """Asks the gateway, because the data in the payer's browser is not trusted.

    A payment that was `canceled` on the gateway's page is closed, so that the payer can choose another method.
    """
    if payment.status in OPEN and payment.session:
        try:
            with gateway_slot():
                if canceled and payment.is_undecided:
                    _close_attempt(payment)
                else:
                    poll_payment(payment.pk)
        except WorkFailure:
            Payment.objects.filter(pk=payment.pk, status__in=OPEN).update(next_poll_at=timezone.now())
    payment.refresh_from_db()


def stop_payment(order: Order, at: datetime, *, by: User | None = None) -> Payment | None:
    """Returns the payment, which may have been paid at the last moment, or None if no payment was in progress.

    Raises PaymentInProgress if the payment cannot be stopped.
    """
    payment = payment_in_progress(order, at)
    if payment is None:
        return None
    if payment.is_undecided:
        _close_attempt(payment)
        payment.refresh_from_db()
    if payment.status in OPEN:
        raise PaymentInProgress(progress_text(payment))
    if by is not None and payment.status == PaymentStatus.CANCELLED:
        record_action(
            by,
            "billing.payment_stopped",
            order,
            payment=payment.pk,
            amount=str(payment.total),
            currency=payment.currency,
        )
    return payment


def close_outdated_attempts(order: Order, at: datetime) -> None:
    # Ask the gateway even after the deadline, because it may have captured the money at the last moment.
    undecided = list(order.payments.filter(status__in=UNDECIDED).exclude(session=""))
    if not undecided:
        return
    owed = balances.balance_if_reinstated(order, at) if order.has_expired(at) else balances.open_balance(order, at)
    for payment in undecided:
        is_past_deadline = payment.session_until is not None and payment.session_until <= at
        if is_past_deadline or payment.total != owed:
            try:
                with gateway_slot():
                    _close_attempt(payment)
            except (WorkFailure, gateways.UnknownGateway) as fault:
                log.warning("Payment %s could not be closed: %s", payment.pk, fault)


def _close_attempt(payment: Payment) -> None:
    facts: list[Fact] = [AttemptExpired()]
    if payment.session:
        refuse_inside_transaction()
        facts = gateways.gateway_of(payment).close(payment)
    webhooks.apply_polled_state(payment, facts)


def close_unneeded_attempts(order: Order) -> None:
    refuse_inside_transaction()
    for payment in unneeded_attempts(order, timezone.now()):
        with suppress(gateways.UnknownGateway):
            _close_attempt(payment)


def unneeded_attempts(order: Order, at: datetime) -> QuerySet[Payment]:
    # This excludes an expired order, which may still be paid late, and payments that a bank is processing.
    undecided = order.payments.filter(status__in=UNDECIDED)
    if order.state == Order.State.EXPIRED or order.has_expired(at):
        return undecided.none()
    return undecided.exclude(total=balances.open_balance(order, at))


def send_reserved_refund(refund_id: int) -> None:
    refund = reservations.refund_to_send(refund_id)
    if refund and reservations.is_stale_refund(refund):
        # A process that died may have sent this refund, so ask the gateway before sending it again.
        poll_payment(refund.payment_id)
        refund = reservations.refund_to_send(refund_id)
    if refund:
        reservations.send_refund_to_gateway(refund)


# -- scheduled polling -------------------------------------------------------------------------------------------


def schedule_next_poll(payment: Payment, now: datetime) -> None:
    is_open = (
        Payment.objects.filter(pk=payment.pk, status__in=OPEN).exclude(session="").exists()
        or payment.refunds.filter(state=Refund.State.SENT).exists()
        or payment.disputes.filter(state=Dispute.State.OPEN).exists()
    )
    pause = max(SHORTEST_PAUSE, min(now - payment.created, LONGEST_PAUSE))
    next_poll = now + pause if is_open and now - payment.created < STOP_POLLING_AFTER else None
    Payment.objects.filter(pk=payment.pk).update(next_poll_at=next_poll)


def request_due_polls(at: datetime | None = None) -> int:
    at = at or timezone.now()
    due = Payment.objects.filter(next_poll_at__lte=at).order_by("next_poll_at")
    requested = 0
    for payment in due[:200]:
        with transaction.atomic():
            # Another worker may have requested this poll in the meantime.
            if Payment.objects.filter(pk=payment.pk, next_poll_at=payment.next_poll_at).update(
                next_poll_at=at + SHORTEST_PAUSE
            ):
                key = f"{payment.pk} at {at.isoformat()}"
                emit(events.GATEWAY_POLL_REQUESTED, key=key, order_id=payment.order_id, payment_id=payment.pk)
                requested += 1
    return requested


def cancel_unstarted_attempts(at: datetime | None = None) -> int:
    # These attempts never reached a gateway, so no payer was sent anywhere to pay.
    before = (at or timezone.now()) - CANCEL_UNSTARTED_AFTER
    unstarted = Payment.objects.filter(status__in=[PaymentStatus.WAITING, PaymentStatus.INPUT], session="")
    outdated = unstarted.filter(created__lt=before)[:500]
    for payment in outdated:
        payment.change_status(PaymentStatus.CANCELLED)
    return len(outdated)
