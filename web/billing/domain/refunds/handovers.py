"""Refunds that staff hand over: cash and checks are picked up, transfers are sent. Each handover is recorded."""

from decimal import Decimal

from django.db import transaction

from billing import gateways
from billing.domain import locks
from billing.domain.refunds import gateway_refunds
from billing.gateways.facts import RefundAnswer
from billing.models import Order, Payment, Refund
from common.formats import format_money
from common.money import ZERO
from history.domain import record_action
from users.models import User

State = Refund.State
WAITING = (State.RESERVED, State.SENT)
PICK_UP = "Pick up your {} at the desk."
HAND_OVER = "Record the handover of {} on the order once it is done."
"""This text is for staff."""
SEND = "We’ll send you {} by bank transfer."


def is_refunded_by_hand(payment: Payment) -> bool:
    try:
        return gateways.gateway_of(payment).by_hand
    except gateways.UnknownGateway:
        return False


def is_refund_picked_up(payment: Payment) -> bool:
    return is_refunded_by_hand(payment) and gateways.gateway_of(payment).picked_up


def awaits_handover(refund: Refund) -> bool:
    return refund.state in WAITING and is_refunded_by_hand(refund.payment)


def refunds_awaiting_handover(order: Order) -> list[Refund]:
    refunds = Refund.objects.filter(payment__order=order, state__in=WAITING).select_related("payment")
    return [refund for refund in refunds.order_by("pk") if awaits_handover(refund)]


def handover_text(order: Order) -> str:
    sums = {PICK_UP: ZERO, SEND: ZERO}
    for refund in refunds_awaiting_handover(order):
        sums[PICK_UP if is_refund_picked_up(refund.payment) else SEND] += refund.amount
    return " ".join(text.format(format_money(amount, order.currency)) for text, amount in sums.items() if amount)


def handover_sentence(payment: Payment, amount: Decimal) -> str:
    return (PICK_UP if is_refund_picked_up(payment) else SEND).format(format_money(amount, payment.currency))


def amount_awaiting_handover(payment: Payment) -> Decimal:
    return sum((refund.amount for refund in payment.refunds.all() if awaits_handover(refund)), ZERO)


@transaction.atomic
def record_handover(refund_id: int, by: User) -> bool:
    order = locks.lock_order(Refund.objects.get(pk=refund_id).payment.order_id)
    refund = Refund.objects.select_for_update().get(pk=refund_id)
    payment = Payment.objects.select_for_update().get(pk=refund.payment_id)
    if refund.state not in WAITING:
        return False
    refund.created_by = by
    refund.save(update_fields=["created_by"])
    record_action(
        by, "billing.refund_handed_over", order, refund=refund.pk, amount=str(refund.amount), currency=order.currency
    )
    return gateway_refunds.apply_refund_answer(order, payment, refund, RefundAnswer(State.DONE))
