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
from billing.domain.refunds.gateway_refunds import NotYet
from billing.gateways.facts import About, Ask, Disputed, Fact, GivenBack, Heard, Taken
from billing.models import Case, Order, Payment, WebhookEvent
from outbox.domain import emit

log = logging.getLogger(__name__)
Outcome = WebhookEvent.Outcome
MONEY = (Taken, GivenBack, Disputed)
WAIT_FOR_PAYMENT = timedelta(days=1)


def take(variant: str, message: Heard) -> str:
    """Raises NotYet when the gateway should send the message again."""
    payment = find(variant, message.about) if message.facts else None
    if payment is None:
        # A payment is stored before the gateway learns of it, so an old message is about a payment of another system.
        if message.facts and (message.at is None or timezone.now() - message.at <= WAIT_FOR_PAYMENT):
            raise NotYet
        log.info("%s sent %s, which is about no payment here.", variant, message.kind)
        return _keep(variant, message, None, Outcome.IGNORED)
    with transaction.atomic():
        order = locks.order(payment.order_id)
        if WebhookEvent.objects.filter(variant=payment.variant, event_id=message.event_id).exists():
            return Outcome.NOTHING
        payment.refresh_from_db()
        outcome: str = Outcome.IGNORED
        if fits(payment, message.about):
            changes = [apply(order, payment, fact, key=message.event_id) for fact in message.facts]
            outcome = Outcome.APPLIED if any(changes) else Outcome.NOTHING
        elif any(isinstance(fact, MONEY) for fact in message.facts):
            # Money moved in a session to which we did not send the payer, so a person has to look at it.
            text = f"{message.kind} is about {message.about.session}, not {payment.session}."
            payment_issues.open_once(Case.Kind.MISFIT, order, text, payment)
            outcome = Outcome.APPLIED
        return _keep(payment.variant, message, payment, outcome)


def find(variant: str, about: About) -> Payment | None:
    identifiers = {"token": about.token, "session": about.session, "transaction_id": about.reference}
    for field, value in identifiers.items():
        if value and (payment := Payment.objects.filter(Q(**{field: value}), variant=variant).first()):
            return payment
    return None


def fits(payment: Payment, about: About) -> bool:
    # An identifier that we do not have yet matches. References are compared when the payment is confirmed.
    return about.token in ("", payment.token) and (not payment.session or about.session in ("", payment.session))


def _keep(variant: str, message: Heard, payment: Payment | None, outcome: str) -> str:
    _, new = WebhookEvent.objects.get_or_create(
        variant=variant,
        event_id=message.event_id,
        defaults={"kind": message.kind[:100], "payment": payment, "outcome": outcome},
    )
    return outcome if new else Outcome.NOTHING


@transaction.atomic
def learn(payment: Payment, facts: Sequence[Fact]) -> bool:
    """Polled facts describe the current state, so they also correct payments that we recorded as ended."""
    order = locks.order(payment.order_id)
    payment.refresh_from_db()
    is_changed = False
    for fact in facts:
        if not isinstance(fact, Ask):
            with suppress(NotYet):
                is_changed |= apply(order, payment, fact, sure=True)
    return is_changed


def apply(order: Order, payment: Payment, fact: Fact, *, key: str = "", sure: bool = False) -> bool:
    # The caller has locked the order. Each fact may change the order and the payment, so read both again.
    order.refresh_from_db()
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    match fact:
        case GivenBack():
            return gateway_refunds.told(order, payment, fact, sure=sure)
        case Disputed():
            return disputes.told(order, payment, fact, sure=sure)
        case Ask():
            emit(events.GATEWAY_TO_BE_ASKED, key=f"{payment.pk} {key}", order_id=order.pk, payment_id=payment.pk)
            return True
        case _:
            return attempts.told(payment, fact)


def tidy() -> int:
    # Gateways repeat a message for days, but not for months.
    old = WebhookEvent.objects.filter(at__lt=timezone.now() - timedelta(days=180))
    return old.delete()[0]
