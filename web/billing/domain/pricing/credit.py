"""The ledger of account credit. It is spent when an order is placed, and returned when the order expires."""

from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from billing.domain import locks
from billing.kinds import ZERO
from billing.models import Credit, Dispute, Order
from billing.models.fields import exact
from common.money import is_whole
from history.domain import record
from users.models import User

Reason = Credit.Reason


class NotEnough(Exception):
    """The account does not have enough credit."""


def balance(account: User | None, currency: str) -> Decimal:
    if account is None:
        return ZERO
    entries = Credit.objects.filter(account=account, currency=currency)
    return exact(entries.aggregate(sum=Sum("amount"))["sum"])


def on_hold(account: User | None, currency: str) -> Decimal:
    # This credit was granted for money that is disputed, so that the payer does not keep both.
    if account is None:
        return ZERO
    holds = Dispute.objects.filter(payment__order__payer=account, payment__currency=currency, hold_ended_at=None)
    return exact(holds.aggregate(sum=Sum("credit_held"))["sum"])


def available(account: User | None, currency: str) -> Decimal:
    return max(balance(account, currency) - on_hold(account, currency), ZERO)


def balances(account: User) -> list[tuple[Decimal, str]]:
    sums = account.credit_entries.order_by().values("currency").annotate(sum=Sum("amount")).order_by("currency")
    return [(exact(row["sum"]), row["currency"]) for row in sums if exact(row["sum"])]


def spent_on(order: Order) -> Decimal:
    entries = order.credit_entries.filter(reason__in=[Reason.SPENT, Reason.RETURNED])
    return -exact(entries.aggregate(sum=Sum("amount"))["sum"])


def spend(order: Order, amount: Decimal) -> None:
    if not amount:
        return
    if order.payer is None:
        raise NotEnough
    locks.account(order.payer)
    if available(order.payer, order.currency) < amount:
        raise NotEnough
    _write(order, Reason.SPENT, -amount)


def spend_what_is_left(order: Order, amount: Decimal) -> Decimal:
    part = min(amount, available(order.payer, order.currency))
    spend(order, part)
    return part


def give_back(order: Order, amount: Decimal | None = None) -> Decimal:
    part = spent_on(order) if amount is None else min(amount, spent_on(order))
    if part > 0:
        _write(order, Reason.RETURNED, part)
    return max(part, ZERO)


def instead_of_refund(order: Order, amount: Decimal, why: str, by: User | None = None) -> None:
    if order.payer is None:
        raise NotEnough("Credit needs an account. Without one, refund to the original payment method.")
    _write(order, Reason.INSTEAD, amount, why=why, by=by)


def _write(order: Order, reason: str, amount: Decimal, **more: object) -> None:
    Credit.objects.create(
        account=order.payer, currency=order.currency, amount=amount, reason=reason, order=order, **more
    )


@transaction.atomic
def adjust(account: User, amount: Decimal, currency: str, *, why: str, by: User) -> Credit:
    if not amount or not is_whole(amount, currency):
        raise ValueError("Enter an amount of credit other than zero, with no more decimals than the currency has.")
    locks.account(account)
    if balance(account, currency) + amount < 0:
        raise NotEnough
    reason = Reason.GIVEN if amount > 0 else Reason.TAKEN
    entry = Credit.objects.create(account=account, amount=amount, currency=currency, reason=reason, why=why, by=by)
    action = "billing.credit_given" if amount > 0 else "billing.credit_taken"
    record(by, action, account, why=why, amount=str(amount), currency=currency)
    return entry
