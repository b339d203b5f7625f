"""What gateways say, applied: one short transaction a message, under the order's lock, together with its name.

A message may come twice, late, out of turn, before or after the payer's browser; so may what we hear when we ask. All
of it goes through `apply`, which changes only what is not so yet. NotYet keeps nothing: the gateway tells it again.
"""

import logging
from collections.abc import Sequence
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
WAIT_FOR_THE_ROW = timedelta(days=1)


def take(variant: str, heard: Heard) -> str:
    """Whatever a message changes, once. Raises NotYet while the gateway is to tell it again."""
    if heard.facts:
        payment = find(variant, heard.about)
        if payment is not None:
            return _take(payment, heard)
        if not _is_old(heard):
            raise NotYet
    log.info("%s told us %s, which concerns nothing here.", variant, heard.kind)
    return _keep(variant, heard, None, Outcome.IGNORED)


def _is_old(heard: Heard) -> bool:
    """The row of a payment is there before the gateway hears of it, so this is somebody else's."""
    return heard.at is not None and timezone.now() - heard.at > WAIT_FOR_THE_ROW


def find(variant: str, about: About) -> Payment | None:
    """By the first name that the gateway gives; `fits` then compares all of them."""
    names = {"token": about.token, "session": about.session, "transaction_id": about.reference}
    for field, name in names.items():
        if name and (payment := Payment.objects.filter(Q(**{field: name}), variant=variant).first()):
            return payment
    return None


@transaction.atomic
def _take(payment: Payment, heard: Heard) -> str:
    order = locks.order(payment.order_id)
    if WebhookEvent.objects.filter(variant=payment.variant, event_id=heard.event_id).exists():
        return Outcome.NOTHING
    payment.refresh_from_db()
    outcome: str
    if fits(payment, heard.about):
        news = [apply(order, payment, fact, key=heard.event_id) for fact in heard.facts]
        outcome = Outcome.APPLIED if any(news) else Outcome.NOTHING
    else:
        outcome = _misfit(order, payment, heard)
    return _keep(payment.variant, heard, payment, outcome)


def fits(payment: Payment, about: About) -> bool:
    """Names that we do not have yet fit; the reference of money is compared where money is (`payments.confirm`)."""
    return about.token in ("", payment.token) and (not payment.session or about.session in ("", payment.session))


def _misfit(order: Order, payment: Payment, heard: Heard) -> str:
    """Another session than the payer was sent to. If money moved in it, a person has to look."""
    if not any(isinstance(fact, MONEY) for fact in heard.facts):
        return Outcome.IGNORED
    payment_issues.open_once(
        Case.Kind.MISFIT, order, f"{heard.kind} is about {heard.about.session}, not {payment.session}.", payment
    )
    return Outcome.APPLIED


def _keep(variant: str, heard: Heard, payment: Payment | None, outcome: str) -> str:
    _, new = WebhookEvent.objects.get_or_create(
        variant=variant,
        event_id=heard.event_id,
        defaults={"kind": heard.kind[:100], "payment": payment, "outcome": outcome},
    )
    return outcome if new else Outcome.NOTHING


@transaction.atomic
def learn(payment: Payment, facts: Sequence[Fact]) -> bool:
    """What the gateway said when we asked: how it is now, so it also corrects what we took for ended."""
    order = locks.order(payment.order_id)
    payment.refresh_from_db()
    news = [_learn(order, payment, fact) for fact in facts if not isinstance(fact, Ask)]
    return any(news)


def _learn(order: Order, payment: Payment, fact: Fact) -> bool:
    try:
        return apply(order, payment, fact, sure=True)
    except NotYet:
        return False


def apply(order: Order, payment: Payment, fact: Fact, *, key: str = "", sure: bool = False) -> bool:
    """True when it was news. The order is locked; it and the payment are read anew, for each fact may change both."""
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
    """Gateways repeat a message for days; after months its name is of no use."""
    old = WebhookEvent.objects.filter(at__lt=timezone.now() - timedelta(days=180))
    return old.delete()[0]
