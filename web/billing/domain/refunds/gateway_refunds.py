"""The states of a refund: one that we reserved, one made in the gateway's dashboard, or the loss of a dispute.

Every refund that has not failed is counted in the payment's refunded_amount, so the balances are right at any moment.
The caller has locked the order and the payment.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django.db import IntegrityError
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone
from payments import PaymentStatus

from billing import events, gateways
from billing.domain import payment_issues
from billing.domain.order_mails import draft_refund_mail
from billing.domain.pricing import balances
from billing.errors import NotRecordedYet
from billing.gateways.facts import RefundAnswer, RefundState
from billing.models import Order, Payment, PaymentIssue, Refund
from common.amounts import AmountField
from common.formats import format_money
from common.money import ZERO
from outbox.domain import emit

State, Origin = Refund.State, Refund.Origin
FORWARD = {
    State.RESERVED: {State.SENT, State.DONE, State.FAILED},
    State.SENT: {State.DONE, State.FAILED},
    State.DONE: {State.FAILED},
    State.FAILED: set(),
}
ELSEWHERE = "Refunded in the gateway’s dashboard."


# -- amounts ----------------------------------------------------------------------------------------------------


def count_refunded(payment: Payment, amount: Decimal) -> None:
    payment.refresh_from_db(fields=["refunded_amount"])
    count_refunded_parts([(payment, amount)])


def count_refunded_parts(parts: Sequence[tuple[Payment, Decimal]]) -> None:
    # The sums are calculated here because SQLite would add floats, so the update compares the old amounts.
    for batch in (parts[start : start + 200] for start in range(0, len(parts), 200)):
        unchanged, sums = Q(pk=None), []
        for payment, amount in batch:
            unchanged |= Q(pk=payment.pk, refunded_amount=payment.refunded_amount)
            payment.refunded_amount += amount
            sums.append(When(pk=payment.pk, then=Value(payment.refunded_amount)))
        updated = Payment.objects.filter(unchanged).update(refunded_amount=Case(*sums, output_field=AmountField()))
        if updated != len(batch):
            raise IntegrityError("A refund of this payment was counted without its lock.")


def lower_amount_charged(order: Order, amount: Decimal) -> Decimal:
    """Lower the amount charged, at most to zero, and return by how much. A negative amount raises it again."""
    reduction = min(amount, order.amount_charged) if amount > 0 else min(amount, ZERO)
    order.amount_charged -= reduction
    order.save(update_fields=["amount_charged"])
    return reduction


def book_refund(order: Order, payment: Payment, amount: Decimal, origin: str, **fields: object) -> Refund | None:
    """Record a refund that we did not ask for. Whatever exceeds the payment becomes a payment issue."""
    part = min(amount, payment.refundable_amount)
    if part < amount:
        money, reference = format_money(amount, order.currency), fields["transaction_id"]
        text = f"{money} left the school ({reference}), which is more than the payment had left."
        payment_issues.open_issue_once(PaymentIssue.Kind.MISFIT, order, text, payment)
    if part <= 0:
        return None
    overpaid = max(balances.overpaid_amount(order), ZERO)
    count_refunded(payment, part)
    price_reduction = (
        lower_amount_charged(order, max(part - overpaid, ZERO)) if order.state != Order.State.PLACED else ZERO
    )
    return Refund.objects.create(payment=payment, origin=origin, amount=part, price_reduction=price_reduction, **fields)


# -- states ------------------------------------------------------------------------------------------------------


def apply_refund_answer(
    order: Order, payment: Payment, refund: Refund, answer: RefundAnswer, *, sure: bool = False
) -> bool:
    """Apply the gateway's answer. Only a `sure` one, which we asked for just now, can revive a failed refund."""
    if answer.state == refund.state:
        return False
    if refund.state == State.FAILED and answer.state != State.FAILED:
        return (
            _revive_failed_refund(order, payment, refund, answer)
            if sure
            else request_refund_poll(payment, f"{refund.pk} {answer.state}")
        )
    if answer.state not in FORWARD[State(refund.state)]:
        return False
    _store_refund_answer(refund, answer)
    _follow_up_new_state(order, payment, refund, answer)
    return True


def _store_refund_answer(refund: Refund, answer: RefundAnswer) -> None:
    refund.state, refund.message = answer.state, answer.message
    refund.transaction_id = answer.reference or refund.transaction_id
    refund.completed_at = timezone.now() if answer.state != State.SENT else None
    refund.save(update_fields=["state", "message", "transaction_id", "completed_at"])


def _follow_up_new_state(order: Order, payment: Payment, refund: Refund, answer: RefundAnswer) -> None:
    if refund.state == State.SENT:
        _await_completion(order, payment, refund)
    elif refund.state == State.DONE:
        complete_refund(order, payment, refund)
    elif refund.state == State.FAILED:
        count_refunded(payment, -refund.amount)
        lower_amount_charged(order, -refund.price_reduction)
        # Nothing new was received, so the status changes without the effects of change_status.
        Payment.objects.filter(pk=payment.pk, status=PaymentStatus.REFUNDED).update(status=PaymentStatus.CONFIRMED)
        payment.payment_issues.filter(description=_keep_spots_question(order, refund), closed_at=None).update(
            closed_at=timezone.now(), resolution="The refund did not go through."
        )
        _open_failed_refund_issue(order, payment, refund, already=answer.already)
        if answer.already:
            request_refund_poll(payment, f"{refund.pk} already")


def _await_completion(order: Order, payment: Payment, refund: Refund) -> None:
    if gateways.gateway_of(payment).by_hand:
        text = f"{format_money(refund.amount, order.currency)} to be handed over (refund {refund.pk})."
        payment_issues.open_issue(PaymentIssue.Kind.HAND_BACK, order, text, payment)
    else:
        Payment.objects.filter(pk=payment.pk, next_poll_at=None).update(next_poll_at=timezone.now() + timedelta(days=1))


def handover_issues(refund: Refund) -> QuerySet[PaymentIssue]:
    open_cases = PaymentIssue.objects.filter(
        kind=PaymentIssue.Kind.HAND_BACK, payment=refund.payment_id, closed_at=None
    )
    return open_cases.filter(description__endswith=f"(refund {refund.pk}).")


def _open_failed_refund_issue(order: Order, payment: Payment, refund: Refund, *, already: bool = False) -> None:
    problem = "was already refunded, according to the gateway" if already else "could not be refunded"
    text = f"{format_money(refund.amount, order.currency)} {problem} (refund {refund.pk})."
    payment_issues.open_issue(PaymentIssue.Kind.REFUND_FAILED, order, text, payment)


def _keep_spots_question(order: Order, refund: Refund) -> str:
    amount = format_money(refund.amount, order.currency)
    return f"{amount} was refunded in the gateway’s dashboard. Should the spots stay? (refund {refund.pk})"


def complete_refund(order: Order, payment: Payment, refund: Refund) -> None:
    handover_issues(refund).update(closed_at=timezone.now(), closed_by=refund.created_by, resolution="Handed over.")
    if refund.origin != Origin.DISPUTE:
        draft_refund_mail("refund_completed", order, refund)
    if not payment.refundable_amount and not payment.refunds.exclude(state__in=[State.DONE, State.FAILED]).exists():
        payment.change_status(PaymentStatus.REFUNDED)


def _revive_failed_refund(order: Order, payment: Payment, refund: Refund, answer: RefundAnswer) -> bool:
    # We recorded the refund as failed, but the gateway has made it.
    if refund.amount > payment.refundable_amount:
        amount = format_money(refund.amount, order.currency)
        text = f"Refund {refund.pk} of {amount} went through after all, which is more than the payment had left."
        payment_issues.open_issue_once(PaymentIssue.Kind.MISFIT, order, text, payment)
        return False
    overpaid = max(balances.overpaid_amount(order), ZERO)
    count_refunded(payment, refund.amount)
    refund.price_reduction = lower_amount_charged(order, max(refund.amount - overpaid, ZERO))
    refund.save(update_fields=["price_reduction"])
    _store_refund_answer(refund, answer)
    payment_issues.close_resolved_issues(PaymentIssue.Kind.REFUND_FAILED, payment, "It went through after all.")
    _follow_up_new_state(order, payment, refund, answer)
    return True


def request_refund_poll(payment: Payment, key: str) -> bool:
    # The message contradicts our records, so the gateway is asked for the current state.
    emit(
        events.GATEWAY_POLL_REQUESTED,
        key=f"{payment.pk} refund {key}",
        order_id=payment.order_id,
        payment_id=payment.pk,
    )
    return False


# -- messages of the gateway --------------------------------------------------------------------------------------


def apply_refund_fact(order: Order, payment: Payment, fact: RefundState, *, sure: bool = False) -> bool:
    if payment.captured_at is None:
        if payment.status == PaymentStatus.ERROR:
            return False
        raise NotRecordedYet
    refunds = Refund.objects.select_for_update().filter(payment=payment)
    refund = refunds.filter(idempotency_key=fact.key).first() if fact.key else None
    refund = refund or refunds.filter(transaction_id=fact.reference).first()
    if refund is None:
        return _record_gateway_refund(order, payment, fact)
    if (fact.amount, fact.currency) != (refund.amount, payment.currency) and refund.origin == Origin.OURS:
        text = f"Refund {refund.pk} was made as {format_money(fact.amount, fact.currency)}."
        payment_issues.open_issue_once(PaymentIssue.Kind.MISFIT, order, text, payment)
        return False
    return apply_refund_answer(
        order, payment, refund, RefundAnswer(fact.state, fact.reference, fact.message), sure=sure
    )


def _record_gateway_refund(order: Order, payment: Payment, fact: RefundState) -> bool:
    if payment.refunds.filter(origin=Origin.OURS, state=State.RESERVED).exists():
        raise NotRecordedYet  # This may be the refund that we are asking for at this moment.
    if fact.currency != payment.currency:
        text = f"{format_money(fact.amount, fact.currency)} was refunded in another currency ({fact.reference})."
        payment_issues.open_issue_once(PaymentIssue.Kind.MISFIT, order, text, payment)
        return False
    if fact.state == State.FAILED:
        fields = {"state": State.FAILED, "transaction_id": fact.reference, "message": fact.message, "note": ELSEWHERE}
        failed = Refund.objects.create(payment=payment, origin=Origin.THEIRS, amount=fact.amount, **fields)
        _open_failed_refund_issue(order, payment, failed)
        return True
    refund = book_refund(
        order, payment, fact.amount, Origin.THEIRS, state=State.SENT, transaction_id=fact.reference, note=ELSEWHERE
    )
    if refund is None:
        return False
    if balances.overpaid_amount(order) <= 0:
        payment_issues.close_resolved_issues(PaymentIssue.Kind.REFUND_FAILED, payment, ELSEWHERE)
    if refund.price_reduction:
        # The refund was more than an overpayment, so staff decide whether the spots stay.
        payment_issues.open_issue_once(PaymentIssue.Kind.OTHER, order, _keep_spots_question(order, refund), payment)
    if fact.state == State.DONE:
        apply_refund_answer(order, payment, refund, RefundAnswer(State.DONE, fact.reference, fact.message))
    else:
        _await_completion(order, payment, refund)
    return True
