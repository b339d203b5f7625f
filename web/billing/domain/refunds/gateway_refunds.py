"""The states of a refund: one that we reserved, one made in the gateway's dashboard, or the loss of a dispute.

Every refund that has not failed is counted in the payment's refunded_amount, so the balances are right at any moment.
The caller has locked the order and the payment.
"""

from datetime import timedelta
from decimal import Decimal

from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone
from payments import PaymentStatus

from billing import events, gateways
from billing.domain import payment_issues
from billing.domain.pricing import balances
from billing.gateways.facts import Answer, GivenBack
from billing.kinds import ZERO
from billing.models import Case, Order, Payment, Refund
from common.formats import format_money
from outbox.domain import emit

State, Origin = Refund.State, Refund.Origin
FORWARD = {
    State.RESERVED: {State.SENT, State.DONE, State.FAILED},
    State.SENT: {State.DONE, State.FAILED},
    State.DONE: {State.FAILED},
    State.FAILED: set(),
}
ELSEWHERE = "Refunded in the gateway’s dashboard."


class NotYet(Exception):
    """The message is about something that we have not recorded yet. The gateway must send it again."""


# -- amounts ----------------------------------------------------------------------------------------------------


def count(payment: Payment, amount: Decimal) -> None:
    # The sum is calculated here because SQLite would add floats, so the update compares the old amount.
    payment.refresh_from_db(fields=["refunded_amount"])
    unchanged = Payment.objects.filter(pk=payment.pk, refunded_amount=payment.refunded_amount)
    payment.refunded_amount += amount
    if not unchanged.update(refunded_amount=payment.refunded_amount):
        raise IntegrityError("A refund of this payment was counted without its lock.")


def lower(order: Order, amount: Decimal) -> Decimal:
    """Lower the amount charged, at most to zero, and return by how much. A negative amount raises it again."""
    reduction = min(amount, order.charged) if amount > 0 else min(amount, ZERO)
    order.charged -= reduction
    order.save(update_fields=["charged"])
    return reduction


def add(order: Order, payment: Payment, amount: Decimal, origin: str, **fields: object) -> Refund | None:
    """Record a refund that we did not ask for. Whatever exceeds the payment becomes a payment issue."""
    part = min(amount, payment.refundable_amount)
    if part < amount:
        money, reference = format_money(amount, order.currency), fields["transaction_id"]
        text = f"{money} left the school ({reference}), which is more than the payment had left."
        payment_issues.open_once(Case.Kind.MISFIT, order, text, payment)
    if part <= 0:
        return None
    overpaid = max(balances.surplus(order), ZERO)
    count(payment, part)
    lowered = lower(order, max(part - overpaid, ZERO)) if order.state != Order.State.PLACED else ZERO
    return Refund.objects.create(payment=payment, origin=origin, amount=part, lowered=lowered, **fields)


# -- states ------------------------------------------------------------------------------------------------------


def move(order: Order, payment: Payment, refund: Refund, answer: Answer, *, sure: bool = False) -> bool:
    """Apply the gateway's answer. Only a `sure` one, which we asked for just now, can revive a failed refund."""
    if answer.state == refund.state:
        return False
    if refund.state == State.FAILED and answer.state != State.FAILED:
        return _revive(order, payment, refund, answer) if sure else look(payment, f"{refund.pk} {answer.state}")
    if answer.state not in FORWARD[State(refund.state)]:
        return False
    _write(refund, answer)
    _after(order, payment, refund, answer)
    return True


def _write(refund: Refund, answer: Answer) -> None:
    refund.state, refund.message = answer.state, answer.message
    refund.transaction_id = answer.reference or refund.transaction_id
    refund.settled_at = timezone.now() if answer.state != State.SENT else None
    refund.save(update_fields=["state", "message", "transaction_id", "settled_at"])


def _after(order: Order, payment: Payment, refund: Refund, answer: Answer) -> None:
    if refund.state == State.SENT:
        _sent(order, payment, refund)
    elif refund.state == State.DONE:
        done(order, payment, refund)
    elif refund.state == State.FAILED:
        count(payment, -refund.amount)
        lower(order, -refund.lowered)
        # Nothing new was received, so the status changes without the effects of change_status.
        Payment.objects.filter(pk=payment.pk, status=PaymentStatus.REFUNDED).update(status=PaymentStatus.CONFIRMED)
        payment.cases.filter(text=_places(order, refund), closed_at=None).update(
            closed_at=timezone.now(), answer="The refund did not go through."
        )
        _call_for_help(order, payment, refund, already=answer.already)
        if answer.already:
            look(payment, f"{refund.pk} already")


def _sent(order: Order, payment: Payment, refund: Refund) -> None:
    if gateways.of(payment).by_hand:
        text = f"{format_money(refund.amount, order.currency)} to be handed over (refund {refund.pk})."
        payment_issues.open_case(Case.Kind.HAND_BACK, order, text, payment)
    else:
        Payment.objects.filter(pk=payment.pk, ask_at=None).update(ask_at=timezone.now() + timedelta(days=1))


def handover_cases(refund: Refund) -> QuerySet[Case]:
    open_cases = Case.objects.filter(kind=Case.Kind.HAND_BACK, payment=refund.payment_id, closed_at=None)
    return open_cases.filter(text__endswith=f"(refund {refund.pk}).")


def _call_for_help(order: Order, payment: Payment, refund: Refund, *, already: bool = False) -> None:
    problem = "was already refunded, according to the gateway" if already else "could not be refunded"
    text = f"{format_money(refund.amount, order.currency)} {problem} (refund {refund.pk})."
    payment_issues.open_case(Case.Kind.REFUND_FAILED, order, text, payment)


def _places(order: Order, refund: Refund) -> str:
    amount = format_money(refund.amount, order.currency)
    return f"{amount} was refunded in the gateway’s dashboard. Should the spots stay? (refund {refund.pk})"


def done(order: Order, payment: Payment, refund: Refund) -> None:
    handover_cases(refund).update(closed_at=timezone.now(), closed_by=refund.by, answer="Handed over.")
    if refund.origin != Origin.DISPUTE:
        emit(events.REFUND_MADE, key=f"{refund.pk}", order_id=order.pk, refund_id=refund.pk)
    if not payment.refundable_amount and not payment.refunds.exclude(state__in=[State.DONE, State.FAILED]).exists():
        payment.change_status(PaymentStatus.REFUNDED)


def _revive(order: Order, payment: Payment, refund: Refund, answer: Answer) -> bool:
    # We recorded the refund as failed, but the gateway has made it.
    if refund.amount > payment.refundable_amount:
        amount = format_money(refund.amount, order.currency)
        text = f"Refund {refund.pk} of {amount} went through after all, which is more than the payment had left."
        payment_issues.open_once(Case.Kind.MISFIT, order, text, payment)
        return False
    overpaid = max(balances.surplus(order), ZERO)
    count(payment, refund.amount)
    refund.lowered = lower(order, max(refund.amount - overpaid, ZERO))
    refund.save(update_fields=["lowered"])
    _write(refund, answer)
    payment_issues.settled(Case.Kind.REFUND_FAILED, payment, "It went through after all.")
    _after(order, payment, refund, answer)
    return True


def look(payment: Payment, key: str) -> bool:
    # The message contradicts our records, so the gateway is asked for the current state.
    emit(events.GATEWAY_TO_BE_ASKED, key=f"{payment.pk} refund {key}", order_id=payment.order_id, payment_id=payment.pk)
    return False


# -- messages of the gateway --------------------------------------------------------------------------------------


def told(order: Order, payment: Payment, fact: GivenBack, *, sure: bool = False) -> bool:
    if payment.captured_at is None:
        if payment.status == PaymentStatus.ERROR:
            return False
        raise NotYet
    refunds = Refund.objects.select_for_update().filter(payment=payment)
    refund = refunds.filter(token=fact.key).first() if fact.key else None
    refund = refund or refunds.filter(transaction_id=fact.reference).first()
    if refund is None:
        return _theirs(order, payment, fact)
    if (fact.amount, fact.currency) != (refund.amount, payment.currency) and refund.origin == Origin.OURS:
        text = f"Refund {refund.pk} was made as {format_money(fact.amount, fact.currency)}."
        payment_issues.open_once(Case.Kind.MISFIT, order, text, payment)
        return False
    return move(order, payment, refund, Answer(fact.state, fact.reference, fact.message), sure=sure)


def _theirs(order: Order, payment: Payment, fact: GivenBack) -> bool:
    if payment.refunds.filter(origin=Origin.OURS, state=State.RESERVED).exists():
        raise NotYet  # This may be the refund that we are asking for at this moment.
    if fact.currency != payment.currency:
        text = f"{format_money(fact.amount, fact.currency)} was refunded in another currency ({fact.reference})."
        payment_issues.open_once(Case.Kind.MISFIT, order, text, payment)
        return False
    if fact.state == State.FAILED:
        fields = {"state": State.FAILED, "transaction_id": fact.reference, "message": fact.message, "why": ELSEWHERE}
        failed = Refund.objects.create(payment=payment, origin=Origin.THEIRS, amount=fact.amount, **fields)
        _call_for_help(order, payment, failed)
        return True
    refund = add(
        order, payment, fact.amount, Origin.THEIRS, state=State.SENT, transaction_id=fact.reference, why=ELSEWHERE
    )
    if refund is None:
        return False
    if balances.surplus(order) <= 0:
        payment_issues.settled(Case.Kind.REFUND_FAILED, payment, ELSEWHERE)
    if refund.lowered:
        # The refund was more than an overpayment, so staff decide whether the spots stay.
        payment_issues.open_once(Case.Kind.OTHER, order, _places(order, refund), payment)
    if fact.state == State.DONE:
        move(order, payment, refund, Answer(State.DONE, fact.reference, fact.message))
    else:
        _sent(order, payment, refund)
    return True
