"""Applying messages of gateways: one short transaction per message, with the order locked.

A message may arrive twice, late, out of order, or before the payer's browser returns. The same is true for answers to
our polling. Each fact changes only what is not yet recorded. After NotYet, the gateway sends the message again.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from billing import events
from billing.domain import locks, payment_issues
from billing.domain.payments import attempts, disputes
from billing.domain.refunds import gateway_refunds
from billing.errors import NotRecordedYet
from billing.gateways.facts import (
    DisputeState,
    Fact,
    PaymentCaptured,
    PaymentReference,
    PollNeeded,
    RefundState,
    WebhookMessage,
)
from billing.models import Order, Payment, PaymentIssue, ProcessedWebhook
from outbox.domain import emit

log = logging.getLogger(__name__)
Outcome = ProcessedWebhook.Outcome
MONEY = (PaymentCaptured, RefundState, DisputeState)
WAIT_FOR_PAYMENT = timedelta(days=1)


def process_webhook(variant: str, message: WebhookMessage) -> str:
    """Raises NotYet when the gateway should send the message again."""
    payment = find_payment(variant, message.about) if message.facts else None
    if payment is None:
        # A payment is stored before the gateway learns of it, so an old message is about a payment of another system.
        if message.facts and (message.at is None or timezone.now() - message.at <= WAIT_FOR_PAYMENT):
            raise NotRecordedYet
        log.info("%s sent %s, which is about no payment here.", variant, message.kind)
        return _record_ignored_webhook(variant, message)
    with transaction.atomic():
        order = locks.lock_order(payment.order_id)
        if ProcessedWebhook.objects.filter(variant=payment.variant, event_id=message.event_id).exists():
            return Outcome.NOTHING
        payment = locks.lock_payment(order, payment.pk)
        outcome: str = Outcome.IGNORED
        if identifiers_match(payment, message.about):
            first, *others = message.facts
            changes = [_apply_fact(order, payment, first, key=message.event_id)]
            changes += [apply_payment_fact(order, payment, fact, key=message.event_id) for fact in others]
            outcome = Outcome.APPLIED if any(changes) else Outcome.NOTHING
        elif any(isinstance(fact, MONEY) for fact in message.facts):
            # Money moved in a session to which we did not send the payer, so a person has to look at it.
            text = f"{message.kind} is about {message.about.session}, not {payment.session}."
            payment_issues.open_issue_once(PaymentIssue.Kind.MISFIT, order, text, payment)
            outcome = Outcome.APPLIED
        ProcessedWebhook.objects.create(
            variant=payment.variant,
            event_id=message.event_id,
            kind=message.kind[:100],
            payment=payment,
            outcome=outcome,
        )
        return outcome


def find_payment(variant: str, about: PaymentReference) -> Payment | None:
    identifiers = {"token": about.token, "session": about.session, "transaction_id": about.reference}
    for field, value in identifiers.items():
        if value and (payment := Payment.objects.filter(Q(**{field: value}), variant=variant).first()):
            return payment
    return None


def identifiers_match(payment: Payment, about: PaymentReference) -> bool:
    # An identifier that we do not have yet matches. References are compared when the payment is confirmed.
    return about.token in ("", payment.token) and (not payment.session or about.session in ("", payment.session))


def _record_ignored_webhook(variant: str, message: WebhookMessage) -> str:
    _, is_new = ProcessedWebhook.objects.get_or_create(
        variant=variant,
        event_id=message.event_id,
        defaults={"kind": message.kind[:100], "outcome": Outcome.IGNORED},
    )
    return Outcome.IGNORED if is_new else Outcome.NOTHING


@transaction.atomic
def apply_polled_state(payment: Payment, facts: Sequence[Fact]) -> bool:
    """Polled facts describe the current state, so they also correct payments that we recorded as ended."""
    order = locks.lock_order(payment.order_id)
    payment.refresh_from_db()
    is_changed = False
    for fact in facts:
        if not isinstance(fact, PollNeeded):
            with suppress(NotRecordedYet):
                is_changed |= apply_payment_fact(order, payment, fact, sure=True)
    return is_changed


def apply_payment_fact(order: Order, payment: Payment, fact: Fact, *, key: str = "", sure: bool = False) -> bool:
    # The caller has locked the order. An earlier fact may have changed the order and the payment, so read both again.
    if not isinstance(fact, PollNeeded):
        order.refresh_from_db()
        payment = locks.lock_payment(order, payment.pk)
    return _apply_fact(order, payment, fact, key=key, sure=sure)


def _apply_fact(order: Order, payment: Payment, fact: Fact, *, key: str = "", sure: bool = False) -> bool:
    match fact:
        case RefundState():
            return gateway_refunds.apply_refund_fact(order, payment, fact, sure=sure)
        case DisputeState():
            return disputes.apply_dispute_fact(order, payment, fact, sure=sure)
        case PollNeeded():
            emit(events.GATEWAY_POLL_REQUESTED, key=f"{payment.pk} {key}", order_id=order.pk, payment_id=payment.pk)
            return True
        case _:
            return attempts.apply_attempt_fact(order, payment, fact)


def delete_old_webhooks() -> int:
    # Gateways repeat a message for days, but not for months.
    old = ProcessedWebhook.objects.filter(received_at__lt=timezone.now() - timedelta(days=180))
    return old.delete()[0]
