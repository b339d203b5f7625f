"""The application of a refund plan, in the transaction of a caller who loaded the orders with their locks.

Refunds are only reserved here and are sent after the commit. An amount that cannot be refunded now, because the bank is
deciding about a dispute, becomes a payment issue for the office.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from billing.domain import payment_issues
from billing.domain.pricing import quotes
from billing.domain.refunds import plan_builder, reservations
from billing.domain.refunds.order_snapshot import load_order_snapshots
from billing.domain.refunds.plan import OrderRefundPlan, RefundPlan
from billing.models import Credit, Order, OrderLine, PaymentIssue, Refund
from common.formats import format_money
from common.money import ZERO
from users.models import User

State = Order.State
LINE_FIELDS = ["price_facts", "retained", "canceled_at", "reserves_exchange", "cancellation"]
ORDER_FIELDS = [
    "amount_charged",
    "credit_retained",
    "returned_as_credit",
    "early_total",
    "regular_total",
    "state",
    "closed_at",
]


def apply_refund_plan(
    plan: RefundPlan,
    *,
    at: datetime,
    why: str,
    by: User | None = None,
) -> list[Refund]:
    """Return the refunds that were made. An order that is paid now, because less is due, is left to the caller."""
    lines = [line for order_plan in plan.order_plans for line in _update_lines(order_plan, at)]
    OrderLine.objects.bulk_update(lines, LINE_FIELDS, batch_size=200)
    for order_plan in plan.order_plans:
        _update_order(order_plan, at)
    Order.objects.bulk_update([order_plan.order for order_plan in plan.order_plans], ORDER_FIELDS, batch_size=200)
    Credit.objects.bulk_create(
        entry for order_plan in plan.order_plans for entry in _credit_entries(order_plan, why, by)
    )
    payable = [order_plan for order_plan in plan.order_plans if order_plan.refunded and not order_plan.blocked_reason]
    parts = [part for order_plan in payable for part in order_plan.parts]
    refunds = reservations.reserve_refund_parts(parts, at=at, why=why, by=by)
    for order_plan in plan.order_plans:
        if order_plan.blocked_reason:
            text = f"{format_money(order_plan.money, order_plan.order.currency)} needs to be refunded."
            payment_issues.open_issue(
                PaymentIssue.Kind.HAND_BACK, order_plan.order, f"{text} {order_plan.blocked_reason}"
            )
    for order, reason in plan.exchange_conflicts:
        payment_issues.open_issue(
            PaymentIssue.Kind.HAND_BACK, order, f"{reason} The school has canceled it since then ({why})."
        )
    return refunds


def _update_lines(order_plan: OrderRefundPlan, at: datetime) -> Iterable[OrderLine]:
    kept = order_plan.priced_order.kept
    for line in order_plan.snapshot.lines:
        before, after = order_plan.snapshot.priced_order.facts(line.pk), order_plan.priced_order.facts(line.pk)
        line.retained += kept.get(line.pk, ZERO)
        if line.pk in order_plan.ended:
            # A line that ends with its unpaid order has no date of its own.
            line.canceled_at = line.canceled_at if order_plan.closes_as else at
            line.reserves_exchange = False
            yield line
        elif after is not None and after != before:
            line.price_facts = (line.price_facts or {}) | {
                "canceled_by_school": str(after.canceled_by_school),
                "exchange_credit": str(after.exchange_credit),
                "returned_on_exchange": str(after.returned_on_exchange),
            }
            yield line
        elif line.pk in kept:
            yield line


def _update_order(order_plan: OrderRefundPlan, at: datetime) -> None:
    order, items = order_plan.order, order_plan.priced_order.price_request.lines
    order.credit_retained += order_plan.priced_order.credit_retained
    order.returned_as_credit += ZERO if order_plan.blocked_reason else order_plan.as_credit
    if order_plan.priced_order.is_paid:
        order.amount_charged -= order_plan.charge_reduction
    elif not items:
        order.state, order.closed_at = order_plan.closes_as or State.CANCELED, at
    elif order.state == State.PLACED:
        lost = quotes.lines_past_early_price(items, order.placed_at or at)
        quote = quotes.quote_both_totals(replace(order_plan.priced_order.price_request, lost=lost))
        order.early_total, order.regular_total = quote.now.total, quote.door.total


def _credit_entries(order_plan: OrderRefundPlan, why: str, by: User | None) -> Iterable[Credit]:
    fields = {"account_id": order_plan.order.payer_id, "currency": order_plan.order.currency, "order": order_plan.order}
    if order_plan.priced_order.credit_back:
        yield Credit(amount=order_plan.priced_order.credit_back, reason=Credit.Reason.RETURNED, **fields)
    if order_plan.as_credit and not order_plan.blocked_reason:
        yield Credit(amount=order_plan.as_credit, reason=Credit.Reason.INSTEAD, note=why[:300], created_by=by, **fields)


def return_overpayment(order: Order, at: datetime, why: str) -> None:
    """Return what was paid for a locked order and exceeds what it was charged, as LATE_PAYMENT says."""
    snapshot = load_order_snapshots([order.pk], at, lock=True, locked=[order])[order.pk]
    plan = plan_builder.plan_overpayment(snapshot)
    if plan.money > 0:
        apply_refund_plan(plan, at=at, why=why)
