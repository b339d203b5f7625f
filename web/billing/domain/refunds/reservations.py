"""Money that goes back: reserved under the lock, sent outside of any transaction, settled by the gateway's answer."""

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
from billing.models import Case, Dispute, Order, OrderLine, Payment, Refund
from common.errors import Permanent
from common.formats import format_money
from common.money import is_whole
from history.domain import record
from outbox.domain import emit
from users.models import User

State = Refund.State
KEYS_ARE_KEPT = timedelta(hours=6)
"""For so long every gateway knows our key again; later we look first whether it did what we asked."""


class Refused(Exception):
    """Nothing goes back; the text says why, for the desk."""


class TooMuch(Refused):
    """More than what was paid and is still here."""


class Moved(Refused):
    """Money came or went since whoever asks has looked: a second click, or somebody else at the desk."""


class Disputed(Refused):
    """The bank decides about this money."""


def late(order: Order, amount: Decimal) -> None:
    """Money for an order that cannot take it: refund, or credit where the school wants that and there is an account."""
    if amount <= 0:
        return
    if settings.LATE_PAYMENT == "credit" and order.payer is not None:
        as_credit(order, amount, "The payment came too late.")
        return
    try:
        reserve(order, amount, why="The payment came too late.")
    except Disputed as refused:
        payment_issues.open_case(
            Case.Kind.HAND_BACK, order, f"{format_money(amount, order.currency)} needs to be refunded. {refused}"
        )


def as_credit(order: Order, amount: Decimal, why: str, by: User | None = None) -> None:
    amount -= _onto_vouchers(order, amount, why)
    if amount <= 0:
        return
    credit.instead_of_refund(order, amount, why, by)
    order.returned_as_credit += amount
    order.save(update_fields=["returned_as_credit"])


def reserve(order: Order, amount: Decimal, *, why: str, by: User | None = None) -> list[Refund]:
    """Take it from the newest payments first. The order is locked; nothing is sent before the commit."""
    payments = [payment for payment in reversed(locks.payments(order)) if payment.refundable_amount > 0]
    _check(order, payments, amount)
    return _take_from(payments, amount, vouchers.homeless(order, timezone.now()), why, by)


def reserve_parts(
    order: Order, parts: Iterable[tuple[Payment, Decimal]], *, why: str, by: User | None = None
) -> list[Refund]:
    """These amounts of these payments, which the caller has worked out under the lock."""
    payments = {payment.pk: payment for payment in locks.payments(order)}
    return [_reserve_one(payments[payment.pk], amount, why, by) for payment, amount in parts]


def _take_from(
    payments: list[Payment], amount: Decimal, first: Mapping[int, Decimal], why: str, by: User | None = None
) -> list[Refund]:
    return [_reserve_one(payment, part, why, by) for payment, part in divide(payments, amount, first)]


def divide(payments: Sequence[Payment], amount: Decimal, first: Mapping[int, Decimal]) -> list[tuple[Payment, Decimal]]:
    """What of the amount goes back to each payment, in their order. `first` is what of some of them goes back before
    the rest, by their ids."""
    parts = {payment.pk: min(first.get(payment.pk, ZERO), payment.refundable_amount) for payment in payments}
    for payment in payments:
        parts[payment.pk] = min(parts[payment.pk], amount)
        amount -= parts[payment.pk]
    for payment in payments:
        more = min(amount, payment.refundable_amount - parts[payment.pk])
        parts[payment.pk] += more
        amount -= more
    return [(payment, parts[payment.pk]) for payment in payments if parts[payment.pk] > 0]


def _onto_vouchers(order: Order, amount: Decimal, why: str) -> Decimal:
    """What came from a gift voucher is no money that credit could be made of; it goes back before."""
    mine = [
        payment
        for payment in reversed(locks.payments(order))
        if gateways.holds(payment) and payment.refundable_amount > 0
    ]
    part = max(min(amount, sum((payment.refundable_amount for payment in mine), ZERO)), ZERO)
    _take_from(mine, part, {}, why)
    return part


def from_lines_that_are_gone(order: Order, at: datetime, why: str) -> Decimal:
    """What vouchers had paid for them; the order is not paid in full yet."""
    payments, over = locks.payments(order), vouchers.homeless(order, at)
    _take_from(payments, sum(over.values(), ZERO), over, why)
    return sum(over.values(), ZERO)


def _check(order: Order, payments: list[Payment], amount: Decimal) -> None:
    if not is_whole(amount, order.currency) or amount <= 0:
        raise TooMuch("That isn’t a valid amount in this currency.")
    if not payments:
        raise TooMuch(_why_nothing(order))
    if Dispute.objects.filter(payment__order=order, state=Dispute.State.OPEN).exists():
        raise Disputed("The payer disputed a payment. Nothing else can be refunded until the bank decides.")
    most = sum((payment.refundable_amount for payment in payments), ZERO) - order.returned_as_credit
    if amount > most:
        raise TooMuch(f"That is more than can be refunded. {format_money(max(most, ZERO), order.currency)} is left.")


def _why_nothing(order: Order) -> str:
    if order.payments.filter(captured_at__isnull=False).exists():
        return "Everything received has already been refunded."
    if order.payments.filter(promised_at__isnull=False).exists():
        return "The payment is still processing. It can be refunded once it has arrived."
    return "No payment has been received for this order."


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
    """None when it is settled, or when a bank asked the money back before it was sent."""
    refunds_left = Refund.objects.select_related("payment__order").filter(state=State.RESERVED)
    return refunds_left.filter(pk=refund_id).first()


def send(refund: Refund) -> None:
    """Ask the gateway; the refund's own token makes asking twice the same as once. Runs outside any transaction."""
    try:
        answer = gateways.of(refund.payment).refund(refund.payment, refund.amount, key=refund.token)
    except Permanent as refused:
        answer = Answer(State.FAILED, message=str(refused))
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
    """Goodwill: money back without cancelling anything; what the order costs goes down by as much.

    `received` is what the desk saw as received when it decided.
    """
    order = locks.order(order.pk)
    check_nothing_moved(order, received)
    if order.state == Order.State.PLACED:
        raise TooMuch("This order isn’t paid yet. Cancel it or some of its items instead.")
    if said := next(filter(None, (_on_its_way(line) for line in order.lines.all())), ""):
        raise Moved(said)
    over = max(balances.surplus(order), ZERO)
    given = reserve(order, amount, why=why, by=by)
    gateway_refunds.lower(order, max(amount - over, ZERO))
    _check_vouchers(order)
    for refund in filter(handovers.waits_for_handover, given):
        emit(events.REFUND_READY, key=f"{refund.pk}", order_id=order.pk, refund_id=refund.pk)
    record(by, "billing.refunded", order, why=why, amount=str(amount), currency=order.currency)
    return given


def _on_its_way(line: OrderLine) -> str:
    """While a line is being exchanged, what was paid for it is spoken for."""
    return "" if line.replaced_at else line.given_away(timezone.now())


def _check_vouchers(order: Order) -> None:
    """What was paid for a gift voucher goes back with it, by cancelling its line; else it would be money twice."""
    promised = pledged(order)
    if promised > order.charged:
        text = f"{format_money(promised, order.currency)} of it is on gift vouchers."
        raise TooMuch(f"{text} Cancel their lines to refund what is left on them.")


def check_nothing_moved(order: Order, received: Decimal | None) -> None:
    now = balances.received(order)
    if received is not None and received != now:
        text = f"The amount received has changed to {format_money(now, order.currency)}."
        raise Moved(f"{text} Please check again.")
