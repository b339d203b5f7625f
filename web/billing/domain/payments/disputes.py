"""A payer's bank asks money back: places wait, nothing else goes back, the office is told; then won or lost.

The order and the payment are locked by the caller. What follows for the products listens to the two events.
"""

from datetime import timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone
from payments import PaymentStatus

from billing import events
from billing.domain import locks, payment_issues
from billing.domain.cancellations import line_cancellation
from billing.domain.payments import credit_holds
from billing.domain.pricing import balances, credit
from billing.domain.refunds import gateway_refunds
from billing.gateways.facts import Disputed
from billing.models import Case, Dispute, Order, Payment, Refund
from common.formats import format_money
from outbox.domain import emit

State = Dispute.State
MEANWHILE = "The payer disputed the payment before this was sent."
WON = "The school won."
LOST = "The payer won the dispute."


def stand_against(order_id: int) -> bool:
    """Open or lost: its money is not ours for certain."""
    return Dispute.objects.filter(payment__order=order_id).exclude(state=State.WON).exists()


def told(order: Order, payment: Payment, fact: Disputed, *, sure: bool = False) -> bool:
    """Old news opens a dispute and closes it; only what the gateway says when asked turns a decision round."""
    if payment.captured_at is None:
        if payment.status == PaymentStatus.ERROR:
            return False
        raise gateway_refunds.NotYet
    if fact.currency != payment.currency:
        text = f"{format_money(fact.amount, fact.currency)} is disputed in another currency ({fact.reference})."
        payment_issues.open_once(Case.Kind.MISFIT, order, text, payment)
    dispute = payment.disputes.filter(reference=fact.reference).first()
    news = dispute is None
    if dispute is None:
        dispute = _opened(order, payment, fact)
    if fact.state == dispute.state:
        return news
    if dispute.state == State.OPEN:
        return _decided(order, payment, dispute, fact.state)
    if fact.state == State.OPEN:
        return news
    return _turned(order, payment, dispute, fact.state) if sure else _look(payment, dispute)


def _opened(order: Order, payment: Payment, fact: Disputed) -> Dispute:
    dispute = Dispute.objects.create(
        payment=payment, reference=fact.reference, amount=fact.amount, reason=fact.reason[:200]
    )
    Payment.objects.filter(pk=payment.pk, ask_at=None).update(ask_at=timezone.now() + timedelta(days=1))
    payment_issues.open_once(Case.Kind.DISPUTED, order, _text(order, dispute), payment)
    credit_holds.hold_credit(order, dispute)
    for refund in payment.refunds.select_for_update().filter(state=Refund.State.RESERVED):
        gateway_refunds.move(order, payment, refund, gateway_refunds.Answer(Refund.State.FAILED, message=MEANWHILE))
    emit(events.DISPUTE_OPENED, key=f"{dispute.pk}", order_id=order.pk, dispute_id=dispute.pk)
    return dispute


def _text(order: Order, dispute: Dispute) -> str:
    why = f" ({dispute.reason})" if dispute.reason else ""
    amount = format_money(dispute.amount, order.currency)
    return f"{amount}{why}, dispute {dispute.pk}. Respond in the gateway’s dashboard."


def _decided(order: Order, payment: Payment, dispute: Dispute, state: str) -> bool:
    dispute.state, dispute.closed_at = state, timezone.now()
    dispute.save(update_fields=["state", "closed_at"])
    words = WON if state == State.WON else LOST
    payment.cases.filter(kind=Case.Kind.DISPUTED, text=_text(order, dispute), closed_at=None).update(
        closed_at=timezone.now(), answer=words
    )
    if state == State.LOST:
        _lost(order, payment, dispute)
    else:
        credit_holds.lift_hold(dispute, timezone.now(), why=WON)
    emit(events.DISPUTE_CLOSED, key=f"{dispute.pk} {state}", order_id=order.pk, dispute_id=dispute.pk)
    return True


def _lost(order: Order, payment: Payment, dispute: Dispute) -> None:
    """The money is gone, as if refunded; when nothing of the order's money is left, its lines go too."""
    gone = gateway_refunds.add(
        order, payment, dispute.amount, Refund.Origin.DISPUTE,
        state=Refund.State.SENT, transaction_id=dispute.reference, why=LOST,
    )  # fmt: skip
    if gone is not None:
        gateway_refunds.move(order, payment, gone, gateway_refunds.Answer(Refund.State.DONE, dispute.reference))
    if credit_holds.hold_credit(order, dispute):
        credit_holds.open_lost_issue(order, payment, dispute)
    if order.state != Order.State.PAID:
        return
    if balances.received(order) > 0 or credit.spent_on(order) > 0 or _exchanged(order):
        text = f"Dispute {dispute.pk} was lost, but part of the order is still paid for. Should the spots stay?"
        payment_issues.open_once(Case.Kind.OTHER, order, text, payment)
        return
    for line in locks.live_lines(order):
        line_cancellation.cancel_line(line, at=timezone.now(), why=LOST, percent_back=Decimal(0))


def _exchanged(order: Order) -> bool:
    """Something of it was paid for in another order, or has become something there."""
    chained = Q(successors__keeps_replaced=True) | Q(replaces__replaced_at__isnull=False)
    return order.lines.filter(chained, cancelled_at=None).exists()


def _turned(order: Order, payment: Payment, dispute: Dispute, state: str) -> bool:
    """Lost and won after all, or the other way round: the sums follow, the places are for a person."""
    if dispute.state == State.LOST:
        gone = payment.refunds.filter(origin=Refund.Origin.DISPUTE, transaction_id=dispute.reference).first()
        if gone is not None and gone.state == Refund.State.DONE:
            gateway_refunds.move(order, payment, gone, gateway_refunds.Answer(Refund.State.FAILED, dispute.reference))
        dispute.state = state
        dispute.save(update_fields=["state"])
        credit_holds.lift_hold(dispute, timezone.now(), why=WON)
        text = f"Dispute {dispute.pk} has a new decision: {dispute.get_state_display()}. Should the spots be restored?"
        payment_issues.open_once(Case.Kind.OTHER, order, text, payment)
        return True
    return _decided(order, payment, dispute, state)


def _look(payment: Payment, dispute: Dispute) -> bool:
    return gateway_refunds.look(payment, f"dispute {dispute.pk} {dispute.state}")
