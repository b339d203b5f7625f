"""Attempts to pay: begun for what is owed now, confirmed only by what the gateway says it took."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.forms import Form
from django.utils import timezone
from payments import PaymentError, PaymentStatus, RedirectNeeded

from billing import events, gateways
from billing.domain import locks, payment_issues
from billing.domain.orders import transitions
from billing.domain.orders.payments_in_progress import (
    UNDECIDED,
    PaymentInProgress,
    drop_unbegun_attempts,
    payment_in_progress,
    refuse_payment_in_progress,
)
from billing.domain.payments.received_moments import moment_of
from billing.domain.pricing import balances
from billing.domain.refunds import reservations
from billing.gateways.facts import Expired, OnItsWay, Refused, Taken
from billing.models import Case, Order, Payment
from billing.models.payments import OPEN
from common.errors import NeedsPerson, Permanent, Temporary
from common.formats import format_money
from common.money import is_whole
from history.domain import record
from outbox.domain import emit
from users.models import User

FAILED = (PaymentStatus.REJECTED, PaymentStatus.ERROR)
ENDS = {
    OnItsWay: (PaymentStatus.PREAUTH, UNDECIDED),
    Refused: (PaymentStatus.REJECTED, OPEN),
    Expired: (PaymentStatus.CANCELLED, UNDECIDED),
}
SLACK = timedelta(minutes=2)
STALE = timedelta(hours=1)


class NothingOwed(Exception):
    """There is nothing to pay on this order (now)."""


@transaction.atomic
def start(order: Order, variant: str, at: datetime) -> Payment:
    """A new attempt, or the one that is open already: a double click begins one. Raises PaymentInProgress."""
    order = locks.order(order.pk)
    owed = balances.owed(order, at)
    if not order.can_be_paid(at) or owed <= 0:
        raise NothingOwed
    same = order.payments.filter(still_good(at), variant=variant, total=owed, status__in=UNDECIDED).first()
    if (other := payment_in_progress(order, at)) and other != same:
        raise PaymentInProgress(other)
    drop_unbegun_attempts(order, but=same)
    return same or _new(order, variant, owed)


def still_good(at: datetime) -> Q:
    """Attempts that the gateway still lets be paid; one that could not be begun for long gets a new key."""
    begun = ~Q(session="") & (Q(session_until=None) | Q(session_until__gt=at + SLACK))
    return begun | Q(session="", created__gt=at - STALE)


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


def page(payment: Payment, data: Mapping[str, Any] | None = None) -> Form:
    """The gateway's form on our site; RedirectNeeded says where else to go. Spoken to outside of any transaction."""
    try:
        return gateways.of(payment).get_form(payment, data)
    except Temporary as fault:
        Payment.objects.filter(pk=payment.pk, status__in=OPEN).update(message=str(fault))
    except (PaymentError, Permanent, NeedsPerson) as fault:
        _broken(payment, fault)
    raise RedirectNeeded(payment.get_failure_url())


@transaction.atomic
def _broken(payment: Payment, fault: Exception) -> None:
    if isinstance(fault, NeedsPerson):
        payment_issues.open_case(
            Case.Kind.OTHER, locks.order(payment.order_id), f"Payment isn’t possible: {fault}", payment
        )
    payment.change_status(PaymentStatus.ERROR, str(fault))


@transaction.atomic
def confirm(payment: Payment, taken: Taken) -> bool:
    """The gateway has the money. Another amount or currency than ours is a case, never a confirmation."""
    order = locks.order(payment.order_id)
    payment.refresh_from_db()
    if payment.captured_at is not None:
        return _again(order, payment, taken)
    Payment.objects.filter(pk=payment.pk).update(
        transaction_id=taken.reference or payment.transaction_id,
        fee=taken.fee if taken.fee is not None else payment.fee,
    )
    if (taken.amount, taken.currency) != (payment.total, payment.currency):
        said = format_money(taken.amount, taken.currency)
        text = f"{said} received instead of {format_money(payment.total, payment.currency)}."
        payment_issues.open_once(Case.Kind.WRONG_AMOUNT, order, text, payment)
        payment.change_status(PaymentStatus.ERROR, "The bank charged a different amount. We’re checking it.")
        return False
    payment.change_status(PaymentStatus.CONFIRMED)
    payment.refresh_from_db()
    return True


def _again(order: Order, payment: Payment, taken: Taken) -> bool:
    """The same money once more, perhaps with its fee; other money on the same attempt was paid twice."""
    if taken.reference and payment.transaction_id and taken.reference != payment.transaction_id:
        said = format_money(taken.amount, taken.currency)
        payment_issues.open_once(Case.Kind.MISFIT, order, f"{said} came a second time, as {taken.reference}.", payment)
        return False
    return bool(
        taken.fee is not None and Payment.objects.filter(pk=payment.pk).exclude(fee=taken.fee).update(fee=taken.fee)
    )


@transaction.atomic
def told(payment: Payment, fact: Taken | OnItsWay | Refused | Expired) -> bool:
    """True when it changes something. What a bank is at does not expire, and what is over stays so, but for money."""
    if isinstance(fact, Taken):
        return confirm(payment, fact)
    status, before = ENDS[type(fact)]
    locks.order(payment.order_id)
    payment.refresh_from_db()
    is_being_fetched = payment.capturing_until is not None and payment.capturing_until > timezone.now()
    if payment.status not in before or (isinstance(fact, Expired) and is_being_fetched):
        return False
    payment.change_status(status, getattr(fact, "message", ""))
    return True


def changed(payment: Payment) -> None:
    """The status of a payment has just changed, in this transaction and under the order's lock."""
    order = locks.order(payment.order_id)
    if payment.status == PaymentStatus.CONFIRMED:
        transitions.money_came(order, payment, moment(payment), timezone.now())
    elif payment.status == PaymentStatus.PREAUTH:
        transitions.wait(order, timezone.now(), timedelta(days=settings.BANK_DAYS))
        if order.state in (Order.State.PLACED, Order.State.LAPSED):
            emit(events.PAYMENT_PROMISED, key=f"{payment.pk}", order_id=order.pk, payment_id=payment.pk)
    elif payment.status in FAILED:
        _failed(order, payment)


def _failed(order: Order, payment: Payment) -> None:
    """After days of a bank's thinking the payer is not at the screen any more, and gets a day to pay in another way."""
    if payment.promised_at is not None:
        transitions.wait(order, timezone.now(), timedelta(days=1))
    if not payment.cases.filter(kind=Case.Kind.WRONG_AMOUNT).exists():
        emit(events.PAYMENT_FAILED, key=f"{payment.pk}", order_id=order.pk, payment_id=payment.pk)


def moment(payment: Payment) -> datetime:
    """When the payer paid: had done everything, where a bank took days; when the desk had the money in hand."""
    return payment.received_at or payment.promised_at or payment.captured_at or timezone.now()


@transaction.atomic
def record_by_hand(
    order: Order,
    variant: str,
    amount: Decimal | None,
    *,
    by: User,
    received_on: date,
    moment: datetime | None = None,
    reference: str = "",
    even_so: bool = False,
    received: Decimal | None = None,
) -> Payment:
    """Cash, a check or a transfer that the desk has in hand; part of what is owed, or all of it for None.

    What was not paid in time is taken up again; raises CannotBe when that is not possible, or not as it was.
    `moment` says when it was received on a day on which an early price ended; raises MomentUnknown without it.
    `received` is what the desk saw as received before.
    """
    order = locks.order(order.pk)
    reservations.check_nothing_moved(order, received)
    if not gateways.get(variant).by_hand:
        raise ValueError(f"{variant} is not taken at the desk.")
    at = timezone.now()
    refuse_payment_in_progress(order, at)
    again = order.has_lapsed(at)
    if again:
        order = transitions.take_up(order, at, even_so=even_so)
    if order.state != Order.State.PLACED:
        raise NothingOwed
    paid_at = moment_of(order, received_on, at, moment)
    owed = balances.owed(order, paid_at)
    amount = owed if amount is None else amount
    if not is_whole(amount, order.currency) or not 0 < amount <= owed:
        raise NothingOwed
    payment = _new(order, variant, amount)
    Payment.objects.filter(pk=payment.pk).update(
        received_on=received_on, received_at=paid_at, recorded_by=by, transaction_id=reference
    )
    payment.received_on, payment.received_at = received_on, paid_at
    said = {"amount": str(amount), "currency": order.currency, "variant": variant, "on": received_on.isoformat()}
    record(by, "billing.payment_recorded", order, **said)
    payment.change_status(PaymentStatus.CONFIRMED)
    if again:
        record(by, "billing.order_taken_up", order)
    return payment
