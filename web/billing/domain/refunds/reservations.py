"""Refunds: reserved under the order's lock, sent outside of any transaction, settled by the gateway's answer."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing import events, gateways
from billing.domain import locks, payment_issues
from billing.domain.pricing import balances, credit
from billing.domain.refunds import gateway_refunds, handovers
from billing.domain.vouchers import redemption as vouchers
from billing.domain.vouchers.eligibility import value_of_vouchers_sold
from billing.errors import BalanceChanged, PaymentDisputed, RefundExceedsPaid
from billing.gateways.facts import RefundAnswer
from billing.models import Dispute, Order, Payment, PaymentIssue, Refund
from common.errors import PermanentFailure
from common.formats import format_money
from common.money import ZERO, is_payable_amount
from history.domain import record_action
from outbox.domain import emit
from users.models import User

State = Refund.State
KEYS_ARE_KEPT = timedelta(hours=6)
"""Every gateway recognizes an idempotency key for this long. After that, we first check what it did."""


def return_late_payment(order: Order, amount: Decimal) -> None:
    if amount <= 0:
        return
    if settings.LATE_PAYMENT == "credit" and order.payer is not None:
        return_as_credit(order, amount, "The payment came too late.")
        return
    try:
        reserve_refund(order, amount, why="The payment came too late.")
    except PaymentDisputed as error:
        payment_issues.open_issue(
            PaymentIssue.Kind.HAND_BACK, order, f"{format_money(amount, order.currency)} needs to be refunded. {error}"
        )


def return_as_credit(order: Order, amount: Decimal, why: str, by: User | None = None) -> None:
    # A payment by gift voucher cannot become credit, so it is returned to the voucher first.
    payments = [
        payment
        for payment in reversed(locks.lock_payments(order))
        if gateways.keeps_our_own_money(payment) and payment.refundable_amount > 0
    ]
    for_vouchers = max(min(amount, sum((payment.refundable_amount for payment in payments), ZERO)), ZERO)
    _reserve_from_payments(payments, for_vouchers, {}, why)
    amount -= for_vouchers
    if amount <= 0:
        return
    credit.grant_credit_for_refund(order, amount, why, by)
    order.returned_as_credit += amount
    order.save(update_fields=["returned_as_credit"])


def reserve_refund(order: Order, amount: Decimal, *, why: str, by: User | None = None) -> list[Refund]:
    """Refund the newest payments first. The caller has locked the order; nothing is sent before the commit."""
    payments = [payment for payment in reversed(locks.lock_payments(order)) if payment.refundable_amount > 0]
    _check_refundable(order, payments, amount)
    return _reserve_from_payments(payments, amount, vouchers.unallocated_payments(order, timezone.now()), why, by)


def reserve_refund_parts(
    order: Order, parts: Iterable[tuple[Payment, Decimal]], *, why: str, by: User | None = None
) -> list[Refund]:
    """Refund exactly these amounts, which the caller calculated under the order's lock."""
    payments = {payment.pk: payment for payment in locks.lock_payments(order)}
    return [_reserve_refund_of_payment(payments[payment.pk], amount, why, by) for payment, amount in parts]


def _reserve_from_payments(
    payments: list[Payment], amount: Decimal, first: Mapping[int, Decimal], why: str, by: User | None = None
) -> list[Refund]:
    return [
        _reserve_refund_of_payment(payment, part, why, by)
        for payment, part in divide_among_payments(payments, amount, first)
    ]


def divide_among_payments(
    payments: Sequence[Payment], amount: Decimal, first: Mapping[int, Decimal]
) -> list[tuple[Payment, Decimal]]:
    """Split the amount among the payments in the given order.

    The amounts in `first`, by payment id, are taken before all others.
    """
    parts = {payment.pk: min(first.get(payment.pk, ZERO), payment.refundable_amount) for payment in payments}
    for payment in payments:
        parts[payment.pk] = min(parts[payment.pk], amount)
        amount -= parts[payment.pk]
    for payment in payments:
        more = min(amount, payment.refundable_amount - parts[payment.pk])
        parts[payment.pk] += more
        amount -= more
    return [(payment, parts[payment.pk]) for payment in payments if parts[payment.pk] > 0]


def return_voucher_payments(order: Order, at: datetime, why: str) -> Decimal:
    """Return what vouchers paid for canceled lines of an order that is not paid in full yet."""
    payments, unallocated = locks.lock_payments(order), vouchers.unallocated_payments(order, at)
    amount = sum(unallocated.values(), ZERO)
    _reserve_from_payments(payments, amount, unallocated, why)
    return amount


def _check_refundable(order: Order, payments: list[Payment], amount: Decimal) -> None:
    if not is_payable_amount(amount, order.currency) or amount <= 0:
        raise RefundExceedsPaid("That isn’t a valid amount in this currency.")
    if not payments:
        if order.payments.filter(captured_at__isnull=False).exists():
            raise RefundExceedsPaid("Everything received has already been refunded.")
        if order.payments.filter(submitted_at__isnull=False).exists():
            raise RefundExceedsPaid("The payment is still processing. It can be refunded once it has arrived.")
        raise RefundExceedsPaid("No payment has been received for this order.")
    if Dispute.objects.filter(payment__order=order, state=Dispute.State.OPEN).exists():
        raise PaymentDisputed("The payer disputed a payment. Nothing else can be refunded until the bank decides.")
    most = sum((payment.refundable_amount for payment in payments), ZERO) - order.returned_as_credit
    if amount > most:
        raise RefundExceedsPaid(
            f"That is more than can be refunded. {format_money(max(most, ZERO), order.currency)} is left."
        )


def _reserve_refund_of_payment(payment: Payment, amount: Decimal, why: str, by: User | None) -> Refund:
    gateway_refunds.count_refunded(payment, amount)
    refund = Refund.objects.create(payment=payment, amount=amount, note=why, created_by=by)
    if gateways.keeps_our_own_money(payment):
        order = payment.order
        vouchers.return_refund_to_voucher(order, refund, timezone.now())
        gateway_refunds.apply_refund_answer(order, payment, refund, RefundAnswer(State.DONE), sure=True)
        return refund
    emit(events.REFUND_RESERVED, key=f"{refund.pk}", order_id=payment.order_id, refund_id=refund.pk)
    return refund


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
        emit(events.REFUND_READY, key=f"{refund.pk}", order_id=order.pk, refund_id=refund.pk)
    record_action(by, "billing.refunded", order, why=why, amount=str(amount), currency=order.currency)
    return refunds


def check_balance_unchanged(order: Order, received: Decimal | None) -> None:
    current = balances.amount_received(order)
    if received is not None and received != current:
        text = f"The amount received has changed to {format_money(current, order.currency)}."
        raise BalanceChanged(f"{text} Please check again.")
