"""Money that goes back: reserved under the lock, sent outside of any transaction, settled by the gateway's answer."""

from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from payments import PaymentStatus

from billing import events, gateways
from billing.domain import cases, credit, ledger, locks
from billing.kinds import ZERO
from billing.models import Case, Order, Payment, Refund
from common.money import is_whole, show
from history.domain import record
from outbox.domain import emit
from users.models import User

State = Refund.State
FORWARD = {
    State.RESERVED: {State.SENT, State.DONE, State.FAILED},
    State.SENT: {State.DONE, State.FAILED},
    State.DONE: {State.FAILED},
    State.FAILED: set(),
}


class TooMuch(Exception):
    """More than what was paid and is still here."""


def late(order: Order, amount: Decimal) -> None:
    """Money for an order that cannot take it: refund, or credit where the school wants that and there is an account."""
    if amount <= 0:
        return
    if settings.LATE_PAYMENT == "credit" and order.payer is not None:
        as_credit(order, amount, "The payment came too late.")
    else:
        reserve(order, amount, why="The payment came too late.")


def as_credit(order: Order, amount: Decimal, why: str, by: User | None = None) -> None:
    if amount <= 0:
        return
    credit.instead_of_refund(order, amount, why, by)
    order.returned_as_credit += amount
    order.save(update_fields=["returned_as_credit"])


def reserve(order: Order, amount: Decimal, *, why: str, by: User | None = None) -> list[Refund]:
    """Take it from the newest payments first. The order is locked; nothing is sent before the commit."""
    payments = [payment for payment in reversed(locks.payments(order)) if payment.left > 0]
    most = sum((payment.left for payment in payments), ZERO) - order.returned_as_credit
    if not is_whole(amount, order.currency) or not 0 < amount <= most:
        raise TooMuch
    refunds = []
    for payment in payments:
        part = min(amount, payment.left)
        if part > 0:
            refunds.append(_reserve_one(payment, part, why, by))
            amount -= part
    return refunds


def _reserve_one(payment: Payment, amount: Decimal, why: str, by: User | None) -> Refund:
    Payment.objects.filter(pk=payment.pk).update(refunded_amount=F("refunded_amount") + amount)
    refund = Refund.objects.create(payment=payment, amount=amount, why=why, by=by)
    emit(events.REFUND_RESERVED, key=f"{refund.pk}", order_id=payment.order_id, refund_id=refund.pk)
    return refund


def send(refund_id: int) -> None:
    """Ask the gateway; the refund's own token makes asking twice the same as once. Runs outside any transaction."""
    refund = Refund.objects.select_related("payment__order").get(pk=refund_id)
    if refund.state != State.RESERVED:
        return
    answer = gateways.of(refund.payment).refund(refund.payment, refund.amount, key=refund.token)
    settle(refund.pk, answer)


@transaction.atomic
def settle(refund_id: int, answer: "gateways.Answer") -> None:
    order = locks.order(Refund.objects.get(pk=refund_id).payment.order_id)
    refund = Refund.objects.select_for_update().get(pk=refund_id)
    payment = Payment.objects.select_for_update().get(pk=refund.payment_id)
    if answer.state not in FORWARD[State(refund.state)]:
        return
    refund.state, refund.message = answer.state, answer.message
    refund.transaction_id = answer.reference or refund.transaction_id
    refund.settled_at = timezone.now() if answer.state != State.SENT else None
    refund.save(update_fields=["state", "message", "transaction_id", "settled_at"])
    _after(order, payment, refund)


def _after(order: Order, payment: Payment, refund: Refund) -> None:
    amount = show(refund.amount, order.currency)
    if refund.state == State.SENT and gateways.of(payment).by_hand:
        cases.open_case(Case.Kind.HAND_BACK, order, f"Give {amount} back by hand (refund {refund.pk}).", payment)
    elif refund.state == State.FAILED:
        Payment.objects.filter(pk=payment.pk).update(refunded_amount=F("refunded_amount") - refund.amount)
        cases.open_case(Case.Kind.REFUND_FAILED, order, f"{amount} did not go back (refund {refund.pk}).", payment)
    elif refund.state == State.DONE:
        Case.objects.filter(
            kind=Case.Kind.HAND_BACK, payment=payment, text__endswith=f"(refund {refund.pk}).", closed_at=None
        ).update(closed_at=timezone.now(), closed_by=refund.by, answer="Given back.")
        emit(events.REFUND_MADE, key=f"{refund.pk}", order_id=order.pk, refund_id=refund.pk)
        if not payment.left and not payment.refunds.exclude(state__in=[State.DONE, State.FAILED]).exists():
            payment.change_status(PaymentStatus.REFUNDED)


@transaction.atomic
def by_staff(order: Order, amount: Decimal, *, why: str, by: User) -> list[Refund]:
    """Goodwill: money back without cancelling anything; what the order costs goes down by as much."""
    order = locks.order(order.pk)
    if order.state == Order.State.PLACED:
        raise TooMuch
    over = ledger.surplus(order)
    refunds = reserve(order, amount, why=why, by=by)
    order.charged = max(order.charged - max(amount - over, ZERO), ZERO)
    order.save(update_fields=["charged"])
    record(by, "billing.refunded", order, why=why, amount=str(amount))
    return refunds


@transaction.atomic
def handed_back(refund: Refund, by: User) -> None:
    """The desk gave cash back, or sent the transfer."""
    record(by, "billing.refund_handed_back", refund.payment.order, refund=refund.pk, amount=str(refund.amount))
    Refund.objects.filter(pk=refund.pk).update(by=by)
    settle(refund.pk, gateways.Answer(State.DONE))
