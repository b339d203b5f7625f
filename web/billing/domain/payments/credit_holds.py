"""Holds on account credit that was granted for money which is now disputed."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet, Sum

from billing.domain import locks, payment_issues
from billing.domain.pricing import balances, credit
from billing.models import Credit, Dispute, Order, Payment, PaymentIssue
from billing.models.fields import exact_sum
from common.formats import format_money
from common.money import ZERO
from history.domain import record_action
from users.models import User

State = Dispute.State


def open_holds(account: User) -> QuerySet[Dispute]:
    disputes = Dispute.objects.filter(payment__order__payer=account, hold_ended_at=None, credit_held__gt=0)
    return disputes.select_related("payment__order").order_by("pk")


def hold_credit(order: Order, dispute: Dispute) -> Decimal:
    """Holds what the order's own money does not cover. The caller has locked the order and the payment.

    The hold includes credit that was already spent, so that it cannot be spent again if it is returned later.
    """
    if order.payer is not None:
        locks.lock_account(order.payer)
    disputes = Dispute.objects.filter(payment__order=order).select_related("payment")
    at_risk = sum((min(row.amount, row.payment.refundable_amount) for row in disputes if row.state == State.OPEN), ZERO)
    elsewhere = sum((row.credit_held for row in disputes if row.pk != dispute.pk and not row.hold_ended_at), ZERO)
    short = min(max(at_risk - balances.amount_available(order), ZERO), order.returned_as_credit)
    dispute.credit_held, dispute.hold_ended_at, dispute.hold_ended_by = max(short - elsewhere, ZERO), None, None
    dispute.save(update_fields=["credit_held", "hold_ended_at", "hold_ended_by"])
    return dispute.credit_held


def open_lost_dispute_issue(order: Order, payment: Payment, dispute: Dispute) -> None:
    held = dispute.credit_held
    spent = max(held - credit.credit_balance(order.payer, order.currency), ZERO)
    text = f"Dispute {dispute.pk} was lost, and {format_money(held, order.currency)} of account credit is on hold."
    if spent:
        # List the orders that the account has paid with credit since this credit was granted.
        entries = Credit.objects.filter(account=order.payer, currency=order.currency)
        granted = entries.filter(order=order, reason=Credit.Reason.INSTEAD).order_by("pk").first()
        later = entries.filter(reason=Credit.Reason.SPENT, pk__gt=granted.pk if granted else 0)
        sums = later.values("order").annotate(sum=Sum("amount")).order_by("order")
        numbers = [str(row["order"]) for row in sums if exact_sum(row["sum"])]
        orders = f"{'orders' if len(numbers) > 1 else 'order'} {', '.join(numbers)}"
        text += f" {format_money(spent, order.currency)} of it was already spent ({orders})."
    payment_issues.open_issue_once(PaymentIssue.Kind.LOST, order, f"{text} Take it back, or release it?", payment)


def lift_hold(dispute: Dispute, at: datetime, *, why: str, by: User | None = None) -> bool:
    if not _end_hold(dispute, at, by):
        return False
    _record_hold_decision(by, "billing.credit_hold_lifted", dispute, at, amount=dispute.credit_held, why=why)
    return True


def _end_hold(dispute: Dispute, at: datetime, by: User | None) -> bool:
    active_hold = Dispute.objects.filter(pk=dispute.pk, hold_ended_at=None, credit_held__gt=0)
    return bool(active_hold.update(hold_ended_at=at, hold_ended_by=by))


def _record_hold_decision(
    by: User | None, action: str, dispute: Dispute, at: datetime, *, amount: Decimal, why: str
) -> None:
    order = dispute.payment.order
    record_action(by, action, order, why=why, dispute=dispute.pk, amount=str(amount), currency=order.currency)
    for issue in order.payment_issues.filter(kind=PaymentIssue.Kind.LOST, payment=dispute.payment, closed_at=None):
        PaymentIssue.objects.filter(pk=issue.pk).update(closed_at=at, closed_by=by, resolution=why[:500])


@transaction.atomic
def release_hold(dispute_id: int, at: datetime, *, why: str, by: User) -> bool:
    return lift_hold(_lock_dispute(dispute_id), at, why=why, by=by)


@transaction.atomic
def take_back_held_credit(dispute_id: int, at: datetime, *, why: str, by: User) -> bool:
    dispute = _lock_dispute(dispute_id)
    order = dispute.payment.order
    account = order.payer
    if account is None or not _end_hold(dispute, at, by):
        return False
    locks.lock_account(account)
    part = min(dispute.credit_held, credit.credit_balance(account, order.currency))
    if part > 0:
        Credit.objects.create(
            account=account, amount=-part, currency=order.currency, reason=Credit.Reason.TAKEN, note=why, created_by=by
        )
    _record_hold_decision(by, "billing.held_credit_taken", dispute, at, amount=part, why=why)
    return True


def _lock_dispute(dispute_id: int) -> Dispute:
    order_id = Dispute.objects.values_list("payment__order", flat=True).get(pk=dispute_id)
    locks.lock_order(order_id)
    return Dispute.objects.select_related("payment__order__payer").get(pk=dispute_id)
