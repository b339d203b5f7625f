"""Asking gateways, outside of any transaction: when the payer comes back, when a message says so, and by ourselves."""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from payments import PaymentStatus

from billing import events, gateways
from billing.domain.orders.payments_in_progress import UNDECIDED, PaymentInProgress, payment_in_progress
from billing.domain.payments import webhooks
from billing.domain.pricing import balances
from billing.domain.refunds import reservations
from billing.gateways.facts import Expired, Fact
from billing.models import Dispute, Order, Payment, Refund
from billing.models.payments import OPEN
from common.errors import Trouble
from common.network import place_to_wait, refuse_inside_transaction
from history.domain import record
from outbox.domain import emit
from users.models import User

log = logging.getLogger(__name__)
SOON, SELDOM = timedelta(minutes=5), timedelta(days=1)
GIVEN_UP = timedelta(days=120)
NEVER_BEGUN = timedelta(days=1)


def ask(payment_id: int) -> bool:
    """True when it brought news. Raises what the gateway raises; when to ask again is written down before."""
    refuse_inside_transaction()
    payment = Payment.objects.select_related("order").get(pk=payment_id)
    plan(payment, timezone.now())
    try:
        gateway = gateways.of(payment)
    except gateways.UnknownGateway:
        return False
    news = webhooks.learn(payment, gateway.poll_payment(payment))
    plan(payment, timezone.now())
    return news


def returned(payment: Payment, *, canceled: bool = False) -> None:
    """The payer's browser is back. What it brings is not believed; a gateway that does not answer is asked later.

    `canceled` by the gateway's own link: the payment is closed, so that every other method can be offered at once.
    """
    if payment.status in OPEN and payment.session:
        try:
            with place_to_wait():
                if canceled and payment.is_undecided:
                    _close(payment)
                else:
                    ask(payment.pk)
        except Trouble:
            Payment.objects.filter(pk=payment.pk, status__in=OPEN).update(ask_at=timezone.now())
    payment.refresh_from_db()


def stop_payment(order: Order, at: datetime, *, by: User | None = None) -> Payment | None:
    """Close the payment that is in progress, so that another can be begun; None when there is none.

    Raises PaymentInProgress for what cannot be stopped. What had just been paid stays so: look at what is returned.
    """
    payment = payment_in_progress(order, at)
    if payment is None:
        return None
    if payment.is_undecided:
        _close(payment)
        payment.refresh_from_db()
    if payment.status in OPEN:
        raise PaymentInProgress(payment)
    if by is not None and payment.status == PaymentStatus.CANCELLED:
        record(
            by,
            "billing.payment_stopped",
            order,
            payment=payment.pk,
            amount=str(payment.total),
            currency=payment.currency,
        )
    return payment


def close_overdue(order: Order, at: datetime) -> None:
    """Before something else pays: attempts whose time is over, or whose amount is not what is owed now.

    The gateway's word counts, not our clock: it may have taken the money at the last moment.
    """
    owed = balances.if_taken_up(order, at) if order.has_lapsed(at) else balances.owed(order, at)
    for payment in order.payments.filter(status__in=UNDECIDED).exclude(session=""):
        is_over = payment.session_until is not None and payment.session_until <= at
        if is_over or payment.total != owed:
            try:
                with place_to_wait():
                    _close(payment)
            except (Trouble, gateways.UnknownGateway) as fault:
                log.warning("Payment %s could not be closed: %s", payment.pk, fault)


def _close(payment: Payment) -> None:
    facts: list[Fact] = [Expired()]
    if payment.session:
        refuse_inside_transaction()
        facts = gateways.of(payment).close(payment)
    webhooks.learn(payment, facts)


def close_needless(order: Order) -> None:
    """Attempts by which too much would be paid: the order is paid or cancelled, or costs something else by now."""
    refuse_inside_transaction()
    for payment in needless(order, timezone.now()):
        with suppress(gateways.UnknownGateway):
            _close(payment)


def needless(order: Order, at: datetime) -> QuerySet[Payment]:
    """Not those of a lapsed order, which may still be paid late; and what a bank is at cannot be called back."""
    undecided = order.payments.filter(status__in=UNDECIDED)
    if order.state == Order.State.LAPSED or order.has_lapsed(at):
        return undecided.none()
    return undecided.exclude(total=balances.owed(order, at))


def send_refund(refund_id: int) -> None:
    """One that may have been sent hours ago, by a process that died, is looked for before it is sent again."""
    refund = reservations.to_send(refund_id)
    if refund and reservations.is_old(refund):
        ask(refund.payment_id)
        refund = reservations.to_send(refund_id)
    if refund:
        reservations.send(refund)


# -- by ourselves ------------------------------------------------------------------------------------------------


def plan(payment: Payment, now: datetime) -> None:
    """Soon after the beginning, ever more seldom then, and never once everything is decided."""
    pause = max(SOON, min(now - payment.created, SELDOM))
    again = now + pause if _is_open(payment) and now - payment.created < GIVEN_UP else None
    Payment.objects.filter(pk=payment.pk).update(ask_at=again)


def _is_open(payment: Payment) -> bool:
    begun = Payment.objects.filter(pk=payment.pk, status__in=OPEN).exclude(session="").exists()
    back = payment.refunds.filter(state=Refund.State.SENT).exists()
    return begun or back or payment.disputes.filter(state=Dispute.State.OPEN).exists()


def ask_due(at: datetime | None = None) -> int:
    """The job: browsers that never came back, messages that got lost, holds that end. A worker does the asking."""
    at = at or timezone.now()
    due = Payment.objects.filter(ask_at__lte=at).order_by("ask_at")
    return sum(_ask_later(payment, at) for payment in due[:200])


@transaction.atomic
def _ask_later(payment: Payment, at: datetime) -> bool:
    first = Payment.objects.filter(pk=payment.pk, ask_at=payment.ask_at).update(ask_at=at + SOON)
    if first:
        key = f"{payment.pk} at {at.isoformat()}"
        emit(events.GATEWAY_TO_BE_ASKED, key=key, order_id=payment.order_id, payment_id=payment.pk)
    return bool(first)


def forget_unbegun(at: datetime | None = None) -> int:
    """Attempts that never reached a gateway: nobody was ever given an address to pay at."""
    before = (at or timezone.now()) - NEVER_BEGUN
    waiting = Payment.objects.filter(status__in=[PaymentStatus.WAITING, PaymentStatus.INPUT], session="")
    left = waiting.filter(created__lt=before)[:500]
    for payment in left:
        payment.change_status(PaymentStatus.CANCELLED)
    return len(left)
