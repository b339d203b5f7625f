"""Refunds for many lines at once, when the school cancels what it sold."""

from datetime import datetime

from billing.domain.orders import transitions
from billing.domain.orders.payments_in_progress import request_closing_of_attempts
from billing.domain.refunds.apply import apply_refund_plan
from billing.domain.refunds.plan import RefundPlan
from billing.models import Refund
from history.domain import record_actions
from users.models import User


def apply_school_refunds(plan: RefundPlan, *, at: datetime, why: str, by: User | None) -> list[Refund]:
    """Return the refunds that were made. The caller has locked every order."""
    paid_now = [order_plan.order for order_plan in plan.order_plans if order_plan.becomes_paid]
    others = [order_plan.order for order_plan in plan.order_plans if not order_plan.becomes_paid]
    details = [
        (each.order, {"back": str(each.money), "as_credit": str(each.as_credit), "currency": each.order.currency})
        for each in plan.order_plans
    ]
    refunds = apply_refund_plan(plan, at=at, why=why, by=by)
    record_actions(by, "billing.lines_canceled", details, why=why)
    request_closing_of_attempts(others, at)
    for order in paid_now:
        transitions.mark_paid(order, at)
    return refunds
