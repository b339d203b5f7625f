"""Attempts to pay: begun for what is owed now, confirmed only by what the gateway says it took."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from payments import PaymentStatus

from billing import events, gateways
from billing.domain import cases, ledger, locks, orders
from billing.models import Case, Order, Payment
from billing.models.payments import OPEN
from common.money import is_whole, show
from history.domain import record
from outbox.domain import emit
from users.models import User

FAILED = (PaymentStatus.REJECTED, PaymentStatus.ERROR)


class NothingOwed(Exception):
    """There is nothing to pay on this order (now)."""


@dataclass(frozen=True)
class Taken:
    """What a gateway says it took."""

    amount: Decimal
    currency: str
    reference: str = ""


@transaction.atomic
def start(order: Order, variant: str, at: datetime) -> Payment:
    """A new attempt, or the one that is open already: a double click begins one."""
    order = locks.order(order.pk)
    owed = ledger.owed(order, at)
    if not order.can_be_paid(at) or owed <= 0:
        raise NothingOwed
    same = order.payments.filter(variant=variant, total=owed, status__in=OPEN).first()
    return same or _new(order, variant, owed)


def _new(order: Order, variant: str, total: Decimal) -> Payment:
    first, _, last = order.payer_name.partition(" ")
    payment = Payment(
        order=order,
        variant=variant,
        total=total,
        currency=order.currency,
        description=f"Order {order.number}",
        billing_first_name=first,
        billing_last_name=last,
        billing_email=order.payer_email,
        billing_address_1=order.street,
        billing_city=order.city,
        billing_postcode=order.postcode,
        billing_country_area=order.area,
    )
    payment.save()
    return payment


@transaction.atomic
def confirm(payment: Payment, taken: Taken) -> bool:
    """The gateway has the money. Another amount or currency than ours is a case, never a confirmation."""
    order = locks.order(payment.order_id)
    if (taken.amount, taken.currency) != (payment.total, payment.currency):
        said = show(taken.amount, taken.currency)
        cases.open_case(
            Case.Kind.WRONG_AMOUNT, order, f"{said} where {show(payment.total, payment.currency)} was asked.", payment
        )
        return False
    if taken.reference:
        Payment.objects.filter(pk=payment.pk).update(transaction_id=taken.reference)
    payment.change_status(PaymentStatus.CONFIRMED)
    return True


def changed(payment: Payment) -> None:
    """The status of a payment has just changed, in this transaction and under the order's lock."""
    order = locks.order(payment.order_id)
    if payment.status == PaymentStatus.CONFIRMED:
        orders.money_came(order, payment, moment(payment))
    elif payment.status in FAILED:
        emit(events.PAYMENT_FAILED, key=f"{payment.pk}", order_id=order.pk, payment_id=payment.pk)


def moment(payment: Payment) -> datetime:
    """When the money was there; for what the desk had on an earlier day, that day's start, in the payer's favour."""
    now = payment.captured_at or timezone.now()
    if payment.received_on and payment.received_on < timezone.localdate(now):
        return timezone.make_aware(datetime.combine(payment.received_on, time.min))
    return now


@transaction.atomic
def record_by_hand(
    order: Order, variant: str, amount: Decimal, *, by: User, received_on: date, reference: str = ""
) -> Payment:
    """Cash, a cheque or a transfer that the desk has in hand; part of what is owed, or all of it."""
    order = locks.order(order.pk)
    if not gateways.get(variant).by_hand:
        raise ValueError(f"{variant} is not taken at the desk.")
    at = timezone.now()
    if order.state != Order.State.PLACED:
        raise NothingOwed
    if not is_whole(amount, order.currency) or not 0 < amount <= ledger.owed(order, at):
        raise NothingOwed
    payment = _new(order, variant, amount)
    Payment.objects.filter(pk=payment.pk).update(received_on=received_on, recorded_by=by, transaction_id=reference)
    payment.received_on = received_on
    record(by, "billing.payment_recorded", order, amount=str(amount), variant=variant, on=received_on.isoformat())
    payment.change_status(PaymentStatus.CONFIRMED)
    return payment
