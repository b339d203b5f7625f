"""Canceling lines of a placed or paid order: the rest is priced again by the rules and prices of the purchase."""

from collections.abc import Container, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.domain import product_kinds
from billing.domain.orders import transitions
from billing.domain.refunds import plan_builder, terms
from billing.domain.refunds.order_snapshot import OrderSnapshots, load_order_snapshots
from billing.domain.refunds.plan import RefundPlan, RefundTerms
from billing.domain.refunds.refund_shares import TermsRefundRequest
from billing.errors import AlreadyCanceled, OrderTransitionRefused
from billing.models import Order, OrderLine
from common.money import ZERO
from history.domain import record_action
from users.models import User

ALREADY_CANCELED = "This is already canceled."


@transaction.atomic
def cancel_line(
    line: OrderLine,
    *,
    at: datetime,
    why: str,
    by: User | None = None,
    as_credit: bool = False,
    percent_back: Decimal | None = None,
) -> Decimal:
    """Cancel one line and refund the difference under its terms, or by `percent_back` if the school set it.

    The percentage of the school also applies to the lines that it replaced, regardless of their terms. Returns the
    amount that is refunded. The same share of the spent credit is returned as credit.
    """
    snapshots = load_order_snapshots([line.order_id], at, lock=True)
    order = snapshots[line.order_id].order
    if any(each.pk == line.pk and each.canceled_at for each in snapshots[order.pk].lines):
        return ZERO
    percent = terms.terms_sold(line, at).at(at).percent if percent_back is None else percent_back
    refund_terms = {line.pk: RefundTerms(percent, as_credit, override_terms=percent_back is not None)}
    lock_refundable(snapshots, order, refund_terms)
    plan = plan_cancellation(snapshots, order, refund_terms, at)
    apply_cancellation(plan, order, at, why=why, by=by)
    return plan.money


def lock_refundable(snapshots: OrderSnapshots, order: Order, lines: Container[int]) -> None:
    for line in snapshots[order.pk].live_lines:
        if line.pk in lines:
            product_kinds.kind_of_line(line).lock_refundable(line)


def plan_cancellation(
    snapshots: OrderSnapshots, order: Order, terms_by_line: Mapping[int, RefundTerms], at: datetime
) -> RefundPlan:
    """Raises OrderTransitionRefused if the lines cannot be canceled, or cannot be refunded now."""
    snapshot = snapshots[order.pk]
    if terms_by_line.keys() - {line.pk for line in snapshot.live_lines}:
        raise AlreadyCanceled(ALREADY_CANCELED)
    if not snapshot.is_open:
        raise OrderTransitionRefused("This order is closed already.")
    if given_away := [reason for pk, reason in snapshot.given_away.items() if pk in terms_by_line]:
        raise OrderTransitionRefused(given_away[0])
    plan = plan_builder.plan_line_cancellations(snapshots, snapshot.order, terms_by_line, at)
    if plan.blocked_reason:
        raise OrderTransitionRefused(plan.blocked_reason)
    return plan


def apply_cancellation(
    plan: RefundPlan,
    order: Order,
    at: datetime,
    *,
    why: str,
    by: User | None = None,
    results: Mapping[int, dict[str, Any]] | None = None,
) -> None:
    order_plan = plan.plan_of(order)
    transitions.release_and_refund(plan, order_plan.order, at, why=why, by=by, results=results)
    if order_plan.closes_as:
        transitions.report_cancellation(order_plan.order, at=at, why=why, by=by)
    elif by is not None:
        percents = {each.line: each.percent for each in order_plan.requests if isinstance(each, TermsRefundRequest)}
        for line in order_plan.ended_lines:
            outcome = plan.by_line[line.pk]
            sums = {"back": str(outcome.refund + outcome.new_credit), "percent": str(percents[line.pk])}
            what = {"line": line.pk, "title": line.title, "currency": order_plan.order.currency}
            details = {**what, **sums, "as_credit": bool(outcome.new_credit)}
            record_action(by, "billing.line_canceled", order_plan.order, why=why, **details)
