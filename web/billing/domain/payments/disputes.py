"""Disputes of payments. The caller has locked the order and the payment.

While a dispute is open, nothing of the order is refunded. The products react to the two events, opened and closed.
"""

from datetime import timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone
from payments import PaymentStatus

from billing import events
from billing.domain import locks, payment_issues
from billing.domain.cancellations import line_cancellation
from billing.domain.order_mails import draft_dispute_mail
from billing.domain.payments import credit_holds
from billing.domain.pricing import balances, credit
from billing.domain.refunds import gateway_refunds
from billing.errors import NotRecordedYet
from billing.gateways.facts import DisputeState
from billing.models import Dispute, Order, Payment, PaymentIssue, Refund
from common.formats import format_money
from outbox.domain import emit

State = Dispute.State
DISPUTED_BEFORE_SENT = "The payer disputed the payment before this was sent."
WON = "The school won."
LOST = "The payer won the dispute."


def has_open_or_lost_dispute(order_id: int) -> bool:
    return Dispute.objects.filter(payment__order=order_id).exclude(state=State.WON).exists()


def apply_dispute_fact(order: Order, payment: Payment, fact: DisputeState, *, sure: bool = False) -> bool:
    """Returns whether it changes anything. Only polling (`sure`) reverses a decision, since messages may be old."""
    if payment.captured_at is None:
        if payment.status == PaymentStatus.ERROR:
            return False
        raise NotRecordedYet
    if fact.currency != payment.currency:
        text = f"{format_money(fact.amount, fact.currency)} is disputed in another currency ({fact.reference})."
        payment_issues.open_issue_once(PaymentIssue.Kind.MISFIT, order, text, payment)
    dispute = payment.disputes.filter(reference=fact.reference).first()
    is_new = dispute is None
    if dispute is None:
        dispute = _open_dispute(order, payment, fact)
    if fact.state in (State.OPEN, dispute.state):
        return is_new
    if dispute.state == State.OPEN:
        return _close_dispute(order, payment, dispute, fact.state)
    if sure:
        return _reverse_decision(order, payment, dispute, fact.state)
    return gateway_refunds.request_refund_poll(payment, f"dispute {dispute.pk} {dispute.state}")


def _open_dispute(order: Order, payment: Payment, fact: DisputeState) -> Dispute:
    dispute = Dispute.objects.create(
        payment=payment, reference=fact.reference, amount=fact.amount, reason=fact.reason[:200]
    )
    Payment.objects.filter(pk=payment.pk, next_poll_at=None).update(next_poll_at=timezone.now() + timedelta(days=1))
    payment_issues.open_issue_once(PaymentIssue.Kind.DISPUTED, order, _dispute_text(order, dispute), payment)
    credit_holds.hold_credit(order, dispute)
    for refund in payment.refunds.select_for_update().filter(state=Refund.State.RESERVED):
        gateway_refunds.apply_refund_answer(
            order, payment, refund, gateway_refunds.RefundAnswer(Refund.State.FAILED, message=DISPUTED_BEFORE_SENT)
        )
    emit(events.DISPUTE_OPENED, key=f"{dispute.pk}", order_id=order.pk, dispute_id=dispute.pk)
    draft_dispute_mail(order, dispute)
    return dispute


def _dispute_text(order: Order, dispute: Dispute) -> str:
    why = f" ({dispute.reason})" if dispute.reason else ""
    amount = format_money(dispute.amount, order.currency)
    return f"{amount}{why}, dispute {dispute.pk}. Respond in the gateway’s dashboard."


def _close_dispute(order: Order, payment: Payment, dispute: Dispute, state: str) -> bool:
    dispute.state, dispute.closed_at = state, timezone.now()
    dispute.save(update_fields=["state", "closed_at"])
    payment.payment_issues.filter(
        kind=PaymentIssue.Kind.DISPUTED, description=_dispute_text(order, dispute), closed_at=None
    ).update(closed_at=timezone.now(), resolution=WON if state == State.WON else LOST)
    if state == State.LOST:
        _book_lost_dispute(order, payment, dispute)
    else:
        credit_holds.lift_hold(dispute, timezone.now(), why=WON)
    emit(events.DISPUTE_CLOSED, key=f"{dispute.pk} {state}", order_id=order.pk, dispute_id=dispute.pk)
    draft_dispute_mail(order, dispute)
    return True


def _book_lost_dispute(order: Order, payment: Payment, dispute: Dispute) -> None:
    # The lost amount counts as refunded. When no money of the order is left, its lines are canceled too.
    refund = gateway_refunds.book_refund(
        order, payment, dispute.amount, Refund.Origin.DISPUTE,
        state=Refund.State.SENT, transaction_id=dispute.reference, note=LOST,
    )  # fmt: skip
    if refund is not None:
        gateway_refunds.apply_refund_answer(
            order, payment, refund, gateway_refunds.RefundAnswer(Refund.State.DONE, dispute.reference)
        )
    if credit_holds.hold_credit(order, dispute):
        credit_holds.open_lost_dispute_issue(order, payment, dispute)
    if order.state != Order.State.PAID:
        return
    # A line that took part in an exchange is also paid for in another order.
    exchanged = Q(exchanged_to__reserves_exchange=True) | Q(exchanged_from__exchanged_at__isnull=False)
    is_paid_partly = (
        balances.amount_received(order) > 0
        or credit.credit_spent_on(order) > 0
        or order.lines.filter(exchanged, canceled_at=None).exists()
    )
    if is_paid_partly:
        text = f"Dispute {dispute.pk} was lost, but part of the order is still paid for. Should the spots stay?"
        payment_issues.open_issue_once(PaymentIssue.Kind.OTHER, order, text, payment)
        return
    for line in locks.live_lines(order):
        line_cancellation.cancel_line(line, at=timezone.now(), why=LOST, percent_back=Decimal(0))


def _reverse_decision(order: Order, payment: Payment, dispute: Dispute, state: str) -> bool:
    # The amounts follow the new decision. Whether the spots are restored is up to the office.
    if dispute.state == State.LOST:
        refund = payment.refunds.filter(origin=Refund.Origin.DISPUTE, transaction_id=dispute.reference).first()
        if refund is not None and refund.state == Refund.State.DONE:
            gateway_refunds.apply_refund_answer(
                order, payment, refund, gateway_refunds.RefundAnswer(Refund.State.FAILED, dispute.reference)
            )
        dispute.state = state
        dispute.save(update_fields=["state"])
        credit_holds.lift_hold(dispute, timezone.now(), why=WON)
        text = f"Dispute {dispute.pk} has a new decision: {dispute.get_state_display()}. Should the spots be restored?"
        payment_issues.open_issue_once(PaymentIssue.Kind.OTHER, order, text, payment)
        return True
    return _close_dispute(order, payment, dispute, state)
