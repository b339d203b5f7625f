"""The ledger of account credit. It is spent when an order is placed, and returned when the order expires."""

from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from billing.domain import locks
from billing.errors import InsufficientCredit
from billing.models import Credit, Dispute, Order
from billing.models.fields import exact_sum
from common.money import ZERO, is_payable_amount
from history.domain import record_action
from users.models import User

Reason = Credit.Reason


def credit_balance(account: User | None, currency: str) -> Decimal:
    if account is None:
        return ZERO
    entries = Credit.objects.filter(account=account, currency=currency)
    return exact_sum(entries.aggregate(sum=Sum("amount"))["sum"])


def credit_on_hold(account: User | None, currency: str) -> Decimal:
    # This credit was granted for money that is disputed, so that the payer does not keep both.
    if account is None:
        return ZERO
    holds = Dispute.objects.filter(payment__order__payer=account, payment__currency=currency, hold_ended_at=None)
    return exact_sum(holds.aggregate(sum=Sum("credit_held"))["sum"])


def available_credit(account: User | None, currency: str) -> Decimal:
    return max(credit_balance(account, currency) - credit_on_hold(account, currency), ZERO)


def credit_balances(account: User) -> list[tuple[Decimal, str]]:
    sums = account.credit_entries.order_by().values("currency").annotate(sum=Sum("amount")).order_by("currency")
    return [(exact_sum(row["sum"]), row["currency"]) for row in sums if exact_sum(row["sum"])]


def credit_spent_on(order: Order) -> Decimal:
    spent = (Reason.SPENT, Reason.RETURNED)
    return -sum((entry.amount for entry in order.credit_entries.all() if entry.reason in spent), ZERO)


def spend_credit(order: Order, amount: Decimal) -> None:
    """The caller has locked the account."""
    if not amount:
        return
    if order.payer is None:
        raise InsufficientCredit
    if available_credit(order.payer, order.currency) < amount:
        raise InsufficientCredit
    _add_credit_entry(order, Reason.SPENT, -amount)


def spend_available_credit(order: Order, amount: Decimal) -> Decimal:
    part = min(amount, available_credit(order.payer, order.currency))
    spend_credit(order, part)
    return part


def return_spent_credit(order: Order, amount: Decimal | None = None) -> Decimal:
    part = credit_spent_on(order) if amount is None else min(amount, credit_spent_on(order))
    if part > 0:
        _add_credit_entry(order, Reason.RETURNED, part)
    return max(part, ZERO)


def _add_credit_entry(order: Order, reason: str, amount: Decimal, **more: object) -> None:
    Credit.objects.create(
        account=order.payer, currency=order.currency, amount=amount, reason=reason, order=order, **more
    )


@transaction.atomic
def adjust_credit(account: User, amount: Decimal, currency: str, *, why: str, by: User) -> Credit:
    if not amount or not is_payable_amount(amount, currency):
        raise ValueError("Enter an amount of credit other than zero, with no more decimals than the currency has.")
    locks.lock_account(account)
    if credit_balance(account, currency) + amount < 0:
        raise InsufficientCredit
    reason = Reason.GIVEN if amount > 0 else Reason.TAKEN
    entry = Credit.objects.create(
        account=account, amount=amount, currency=currency, reason=reason, note=why, created_by=by
    )
    action = "billing.credit_given" if amount > 0 else "billing.credit_taken"
    record_action(by, action, account, why=why, amount=str(amount), currency=currency)
    return entry
