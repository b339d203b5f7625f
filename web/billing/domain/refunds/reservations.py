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
from billing.domain.vouchers.eligibility import pledged
from billing.gateways.facts import Answer
from billing.kinds import ZERO
from billing.models import Case, Dispute, Order, Payment, Refund
from common.errors import Permanent
from common.formats import format_money
from common.money import is_whole
from history.domain import record
from outbox.domain import emit
from users.models import User

State = Refund.State
KEYS_ARE_KEPT = timedelta(hours=6)
"""Every gateway recognizes an idempotency key for this long. After that, we first check what it did."""


class Refused(Exception):
    """Nothing is refunded. The message is shown to staff."""


class TooMuch(Refused):
    """The amount exceeds what was paid and not refunded yet."""


class Moved(Refused):
    """The balance changed since staff saw it, by a second click or by a colleague."""


class Disputed(Refused):
    """The bank is deciding about a disputed payment."""


def late(order: Order, amount: Decimal) -> None:
    if amount <= 0:
        return
    if settings.LATE_PAYMENT == "credit" and order.payer is not None:
        as_credit(order, amount, "The payment came too late.")
        return
    try:
        reserve(order, amount, why="The payment came too late.")
    except Disputed as error:
        payment_issues.open_case(
            Case.Kind.HAND_BACK, order, f"{format_money(amount, order.currency)} needs to be refunded. {error}"
        )


def as_credit(order: Order, amount: Decimal, why: str, by: User | None = None) -> None:
    # A payment by gift voucher cannot become credit, so it is returned to the voucher first.
    payments = [
        payment
        for payment in reversed(locks.payments(order))
        if gateways.holds(payment) and payment.refundable_amount > 0
    ]
    for_vouchers = max(min(amount, sum((payment.refundable_amount for payment in payments), ZERO)), ZERO)
    _take_from(payments, for_vouchers, {}, why)
    amount -= for_vouchers
    if amount <= 0:
        return
    credit.instead_of_refund(order, amount, why, by)
    order.returned_as_credit += amount
    order.save(update_fields=["returned_as_credit"])


def reserve(order: Order, amount: Decimal, *, why: str, by: User | None = None) -> list[Refund]:
    """Refund the newest payments first. The caller has locked the order; nothing is sent before the commit."""
    payments = [payment for payment in reversed(locks.payments(order)) if payment.refundable_amount > 0]
    _check(order, payments, amount)
    return _take_from(payments, amount, vouchers.homeless(order, timezone.now()), why, by)


def reserve_parts(
    order: Order, parts: Iterable[tuple[Payment, Decimal]], *, why: str, by: User | None = None
) -> list[Refund]:
    """Refund exactly these amounts, which the caller calculated under the order's lock."""
    payments = {payment.pk: payment for payment in locks.payments(order)}
    return [_reserve_one(payments[payment.pk], amount, why, by) for payment, amount in parts]


def _take_from(
    payments: list[Payment], amount: Decimal, first: Mapping[int, Decimal], why: str, by: User | None = None
) -> list[Refund]:
    return [_reserve_one(payment, part, why, by) for payment, part in divide(payments, amount, first)]


def divide(payments: Sequence[Payment], amount: Decimal, first: Mapping[int, Decimal]) -> list[tuple[Payment, Decimal]]:
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


def from_lines_that_are_gone(order: Order, at: datetime, why: str) -> Decimal:
    """Return what vouchers paid for canceled lines of an order that is not paid in full yet."""
    payments, unallocated = locks.payments(order), vouchers.homeless(order, at)
    amount = sum(unallocated.values(), ZERO)
    _take_from(payments, amount, unallocated, why)
    return amount


def _check(order: Order, payments: list[Payment], amount: Decimal) -> None:
    if not is_whole(amount, order.currency) or amount <= 0:
        raise TooMuch("That isn’t a valid amount in this currency.")
    if not payments:
        if order.payments.filter(captured_at__isnull=False).exists():
            raise TooMuch("Everything received has already been refunded.")
        if order.payments.filter(promised_at__isnull=False).exists():
            raise TooMuch("The payment is still processing. It can be refunded once it has arrived.")
        raise TooMuch("No payment has been received for this order.")
    if Dispute.objects.filter(payment__order=order, state=Dispute.State.OPEN).exists():
        raise Disputed("The payer disputed a payment. Nothing else can be refunded until the bank decides.")
    most = sum((payment.refundable_amount for payment in payments), ZERO) - order.returned_as_credit
    if amount > most:
        raise TooMuch(f"That is more than can be refunded. {format_money(max(most, ZERO), order.currency)} is left.")


def _reserve_one(payment: Payment, amount: Decimal, why: str, by: User | None) -> Refund:
    gateway_refunds.count(payment, amount)
    refund = Refund.objects.create(payment=payment, amount=amount, why=why, by=by)
    if gateways.holds(payment):
        order = payment.order
        vouchers.put_back(order, refund, timezone.now())
        gateway_refunds.move(order, payment, refund, Answer(State.DONE), sure=True)
        return refund
    emit(events.REFUND_RESERVED, key=f"{refund.pk}", order_id=payment.order_id, refund_id=refund.pk)
    return refund


def to_send(refund_id: int) -> Refund | None:
    """Return None if the refund is settled already, or lost to a dispute before it was sent."""
    reserved = Refund.objects.select_related("payment__order").filter(state=State.RESERVED)
    return reserved.filter(pk=refund_id).first()


def send(refund: Refund) -> None:
    """Ask the gateway, outside any transaction. The refund's token makes a repeated request harmless."""
    try:
        answer = gateways.of(refund.payment).refund(refund.payment, refund.amount, key=refund.token)
    except Permanent as error:
        answer = Answer(State.FAILED, message=str(error))
    settle(refund.pk, answer)


def is_old(refund: Refund) -> bool:
    return timezone.now() - refund.created_at > KEYS_ARE_KEPT


@transaction.atomic
def settle(refund_id: int, answer: Answer) -> bool:
    order = locks.order(Refund.objects.get(pk=refund_id).payment.order_id)
    refund = Refund.objects.select_for_update().get(pk=refund_id)
    payment = Payment.objects.select_for_update().get(pk=refund.payment_id)
    return gateway_refunds.move(order, payment, refund, answer, sure=True)


@transaction.atomic
def by_staff(order: Order, amount: Decimal, *, why: str, by: User, received: Decimal | None = None) -> list[Refund]:
    """Refund without canceling anything. The price of the order drops by the same amount.

    `received` is the amount received that staff saw when they decided.
    """
    order = locks.order(order.pk)
    check_nothing_moved(order, received)
    if order.state == Order.State.PLACED:
        raise TooMuch("This order isn’t paid yet. Cancel it or some of its items instead.")
    for line in order.lines.all():
        # What was paid for a line that is being exchanged belongs to the exchange.
        if not line.replaced_at and (reason := line.given_away(timezone.now())):
            raise Moved(reason)
    overpaid = max(balances.surplus(order), ZERO)
    refunds = reserve(order, amount, why=why, by=by)
    gateway_refunds.lower(order, max(amount - overpaid, ZERO))
    on_vouchers = pledged(order)
    if on_vouchers > order.charged:
        # The payment for a gift voucher is refunded by canceling its line. Otherwise its value would be paid out twice.
        text = f"{format_money(on_vouchers, order.currency)} of it is on gift vouchers."
        raise TooMuch(f"{text} Cancel their lines to refund what is left on them.")
    for refund in filter(handovers.waits_for_handover, refunds):
        emit(events.REFUND_READY, key=f"{refund.pk}", order_id=order.pk, refund_id=refund.pk)
    record(by, "billing.refunded", order, why=why, amount=str(amount), currency=order.currency)
    return refunds


def check_nothing_moved(order: Order, received: Decimal | None) -> None:
    current = balances.received(order)
    if received is not None and received != current:
        text = f"The amount received has changed to {format_money(current, order.currency)}."
        raise Moved(f"{text} Please check again.")
