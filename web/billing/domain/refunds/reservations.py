"""Refunds: reserved under the order's lock, sent outside of any transaction, settled by the gateway's answer."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from billing import events, gateways
from billing.domain import locks
from billing.domain.order_mails import draft_refund_mail
from billing.domain.pricing import balances
from billing.domain.refunds import gateway_refunds, handovers
from billing.domain.refunds.order_snapshot import DISPUTED, OrderSnapshot, load_order_snapshots
from billing.domain.vouchers import redemption as vouchers
from billing.domain.vouchers.eligibility import value_of_vouchers_sold
from billing.errors import BalanceChanged, PaymentDisputed, RefundExceedsPaid
from billing.gateways.facts import RefundAnswer
from billing.models import Order, Payment, Refund
from common.errors import PermanentFailure
from common.formats import format_money
from common.money import ZERO, is_payable_amount
from history.domain import record_action
from outbox.domain import emit_many
from users.models import User

State = Refund.State
KEYS_ARE_KEPT = timedelta(hours=6)
"""Every gateway recognizes an idempotency key for this long. After that, we first check what it did."""


def reserve_refund(order: Order, amount: Decimal, *, why: str, by: User | None = None) -> list[Refund]:
    """Refund the newest payments first. The caller has locked the order; nothing is sent before the commit."""
    at = timezone.now()
    snapshot = load_order_snapshots([order.pk], at, lock=True, locked=[order])[order.pk]
    _check_refundable(snapshot, amount)
    return reserve_refund_parts(snapshot.divide_refund(amount, ZERO, snapshot.priced_order), at=at, why=why, by=by)


def reserve_refund_parts(
    parts: Sequence[tuple[Payment, Decimal]], *, at: datetime, why: str, by: User | None = None
) -> list[Refund]:
    """Refund exactly these amounts of locked payments. What a gift voucher paid returns to it at once."""
    gateway_refunds.count_refunded_parts(parts)
    refunds = Refund.objects.bulk_create(
        Refund(payment=payment, amount=amount, note=why[:300], created_by=by) for payment, amount in parts
    )
    to_send = {}
    for refund in refunds:
        order = refund.payment.order
        if gateways.keeps_our_own_money(refund.payment):
            vouchers.return_refund_to_voucher(order, refund, at)
            gateway_refunds.apply_refund_answer(order, refund.payment, refund, RefundAnswer(State.DONE), sure=True)
        else:
            to_send[f"{refund.pk}"] = {"order_id": order.pk, "refund_id": refund.pk}
    emit_many(events.REFUND_RESERVED, to_send)
    return refunds


def _check_refundable(snapshot: OrderSnapshot, amount: Decimal) -> None:
    order = snapshot.order
    if not is_payable_amount(amount, order.currency) or amount <= 0:
        raise RefundExceedsPaid("That isn’t a valid amount in this currency.")
    if not any(payment.refundable_amount > 0 for payment in snapshot.payments):
        if snapshot.payments:
            raise RefundExceedsPaid("Everything received has already been refunded.")
        if order.payments.filter(submitted_at__isnull=False).exists():
            raise RefundExceedsPaid("The payment is still processing. It can be refunded once it has arrived.")
        raise RefundExceedsPaid("No payment has been received for this order.")
    if snapshot.disputed:
        raise PaymentDisputed(DISPUTED)
    if amount > snapshot.available_amount:
        left = format_money(max(snapshot.available_amount, ZERO), order.currency)
        raise RefundExceedsPaid(f"That is more than can be refunded. {left} is left.")


def refund_to_send(refund_id: int) -> Refund | None:
    """Return None if the refund is settled already, or lost to a dispute before it was sent."""
    reserved = Refund.objects.select_related("payment__order").filter(state=State.RESERVED)
    return reserved.filter(pk=refund_id).first()


def send_refund_to_gateway(refund: Refund) -> None:
    """Ask the gateway, outside any transaction. The refund's token makes a repeated request harmless."""
    try:
        answer = gateways.gateway_of(refund.payment).refund(refund.payment, refund.amount, key=refund.idempotency_key)
    except PermanentFailure as error:
        answer = RefundAnswer(State.FAILED, message=str(error))
    record_gateway_answer(refund.pk, answer)


def is_stale_refund(refund: Refund) -> bool:
    return timezone.now() - refund.created_at > KEYS_ARE_KEPT


@transaction.atomic
def record_gateway_answer(refund_id: int, answer: RefundAnswer) -> bool:
    order = locks.lock_order(Refund.objects.get(pk=refund_id).payment.order_id)
    refund = Refund.objects.select_for_update().get(pk=refund_id)
    payment = Payment.objects.select_for_update().get(pk=refund.payment_id)
    return gateway_refunds.apply_refund_answer(order, payment, refund, answer, sure=True)


@transaction.atomic
def refund_by_staff(
    order: Order, amount: Decimal, *, why: str, by: User, received: Decimal | None = None
) -> list[Refund]:
    """Refund without canceling anything. The price of the order drops by the same amount.

    `received` is the amount received that staff saw when they decided.
    """
    order = locks.lock_order(order.pk)
    check_balance_unchanged(order, received)
    if order.state == Order.State.PLACED:
        raise RefundExceedsPaid("This order isn’t paid yet. Cancel it or some of its items instead.")
    for line in order.lines.all():
        # What was paid for a line that is being exchanged belongs to the exchange.
        if not line.exchanged_at and (reason := line.given_away(timezone.now())):
            raise BalanceChanged(reason)
    overpaid = max(balances.overpaid_amount(order), ZERO)
    refunds = reserve_refund(order, amount, why=why, by=by)
    gateway_refunds.lower_amount_charged(order, max(amount - overpaid, ZERO))
    on_vouchers = value_of_vouchers_sold(order)
    if on_vouchers > order.amount_charged:
        # The payment for a gift voucher is refunded by canceling its line. Otherwise its value would be paid out twice.
        text = f"{format_money(on_vouchers, order.currency)} of it is on gift vouchers."
        raise RefundExceedsPaid(f"{text} Cancel their lines to refund what is left on them.")
    for refund in filter(handovers.awaits_handover, refunds):
        draft_refund_mail("refund_ready", order, refund)
    record_action(by, "billing.refunded", order, why=why, amount=str(amount), currency=order.currency)
    return refunds


def check_balance_unchanged(order: Order, received: Decimal | None) -> None:
    current = balances.amount_received(order)
    if received is not None and received != current:
        text = f"The amount received has changed to {format_money(current, order.currency)}."
        raise BalanceChanged(f"{text} Please check again.")
