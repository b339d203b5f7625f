"""Plans of refunds, computed from loaded orders without writing or locking.

The preview and the action compute the same plan, the action once more under the locks. See apply.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from billing.domain import product_kinds
from billing.domain.refunds import terms
from billing.domain.refunds.order_snapshot import OrderSnapshot, OrderSnapshots, chain_of_exchanged_lines
from billing.domain.refunds.plan import (
    NO_LINE,
    LineChange,
    OrderRefundPlan,
    Parts,
    RefundOutcome,
    RefundPlan,
    RefundTerms,
)
from billing.domain.refunds.refund_shares import (
    AnyRefundRequest,
    RefundRequest,
    RefundShare,
    TermsRefundRequest,
    apply_refund_requests,
)
from billing.models import Order, OrderLine
from common.money import ZERO

State = Order.State
Requests = list[tuple[int, int, AnyRefundRequest]]
"""Each request with the order that it changes and the line that it was made for."""
NONE_CLOSES: Mapping[int, str] = {}


def plan_refunds(snapshots: OrderSnapshots, line_requests: Iterable[tuple[OrderLine, RefundRequest]]) -> RefundPlan:
    """Plan what the school refunds for each line and the lines that it replaced, starting with the latest payment.

    Staff handle a line that is being exchanged at this moment, and its refund.
    """
    requests: Requests = []
    exchange_conflicts: dict[int, tuple[Order, str]] = {}
    pairs = sorted(line_requests, key=lambda pair: pair[0].pk)
    for line, request in pairs:
        snapshot = snapshots[line.order_id]
        if reason := snapshot.given_away.get(line.pk):
            exchange_conflicts[line.pk] = (snapshot.order, reason)
            continue
        parts = _spread_over_exchanged_lines(snapshots, line, request)
        requests += [(order_id, line.pk, part) for order_id, part in parts]
    plan = _build_plan(snapshots, requests)
    conflicts = {pk: RefundOutcome(blocked_reason=reason) for pk, (_, reason) in exchange_conflicts.items()}
    untouched = {line.pk: RefundOutcome() for line, _ in pairs}
    return replace(
        plan, by_line=untouched | plan.by_line | conflicts, exchange_conflicts=tuple(exchange_conflicts.values())
    )


def plan_line_cancellations(
    snapshots: OrderSnapshots, order: Order, terms_by_line: Mapping[int, RefundTerms], at: datetime
) -> RefundPlan:
    """Plan the cancellation of lines under these terms. An unpaid order without any other line ends as a whole."""
    snapshot = snapshots[order.pk]
    live = [line.pk for line in snapshot.live_lines]
    if order.state == State.PLACED and terms_by_line.keys() >= set(live):
        return plan_closing(snapshots, order, State.CANCELED, terms_by_line, at)
    return _build_plan(snapshots, _terms_requests(snapshots, order, terms_by_line, at))


def plan_closing(
    snapshots: OrderSnapshots, order: Order, state: str, terms_by_line: Mapping[int, RefundTerms], at: datetime
) -> RefundPlan:
    """Plan the end of a whole unpaid order: the setting LATE_PAYMENT decides how a part that was paid is returned.

    The terms of its lines apply to the lines that they replaced, which were paid for.
    """
    requests = [
        (order_id, line, replace(request, as_credit=settings.LATE_PAYMENT == "credit"))
        if order_id == order.pk
        else (order_id, line, request)
        for order_id, line, request in _terms_requests(snapshots, order, terms_by_line, at)
    ]
    return _build_plan(snapshots, requests, {order.pk: state})


def plan_overpayment(snapshot: OrderSnapshot) -> RefundPlan:
    overpaid = max(snapshot.available_amount - snapshot.order.amount_charged, ZERO)
    request = RefundRequest(NO_LINE, overpaid, as_credit=settings.LATE_PAYMENT == "credit")
    share, stages = RefundShare(NO_LINE, money=overpaid), (snapshot.priced_order, snapshot.priced_order)
    order_plan = OrderRefundPlan(snapshot, (request,), (share,), stages, snapshot.blocked_reason(overpaid))
    return RefundPlan((order_plan,), {}, {})


def plan_exchange_surplus(
    snapshots: OrderSnapshots, reductions: Iterable[tuple[OrderLine, Decimal]], refund_terms: RefundTerms
) -> RefundPlan:
    requests: Requests = [
        (
            line.order_id,
            line.pk,
            TermsRefundRequest(line.pk, refund_terms.percent, refund_terms.as_credit, reduction),
        )
        for line, reduction in reductions
    ]
    return _build_plan(snapshots, requests)


def _terms_requests(
    snapshots: OrderSnapshots, order: Order, terms_by_line: Mapping[int, RefundTerms], at: datetime
) -> Requests:
    """Return the requests for the lines, and for those that they replaced: an exchange buys no better terms, so the
    percentage is at most what those lines allowed when they were exchanged."""
    found: Requests = []
    for line in snapshots[order.pk].live_lines:
        refund_terms = terms_by_line.get(line.pk)
        if refund_terms is None:
            continue
        percent = min(refund_terms.percent, product_kinds.kind_of_line(line).max_refund_percent(line))
        for each in chain_of_exchanged_lines(snapshots, line):
            if each.exchanged_at is not None and not refund_terms.override_terms:
                percent = min(percent, terms.terms_sold(each, at).at(each.exchanged_at).percent)
            request = TermsRefundRequest(each.pk, percent, refund_terms.as_credit)
            found.append((each.order_id, line.pk, request))
    return found


def _spread_over_exchanged_lines(
    snapshots: OrderSnapshots, line: OrderLine, request: RefundRequest
) -> Iterable[tuple[int, RefundRequest]]:
    left, parts = request.reduction, []
    for each in chain_of_exchanged_lines(snapshots, line):
        snapshot = snapshots[each.order_id]
        if each.canceled_at is None and snapshot.is_open:
            part = min(left, snapshot.cost(each.pk))
            left -= part
            parts.append((each, part))
    earlier_orders_part = sum((part for _, part in parts), ZERO)
    for each, part in parts:
        earlier_orders_part -= part
        if part or earlier_orders_part or request.ends_line:
            yield each.order_id, replace(request, line=each.pk, reduction=part, earlier_orders_part=earlier_orders_part)


def _build_plan(
    snapshots: OrderSnapshots, requests: Requests, closes_as: Mapping[int, str] = NONE_CLOSES
) -> RefundPlan:
    by_order: dict[int, list[tuple[int, AnyRefundRequest]]] = defaultdict(list, {pk: [] for pk in closes_as})
    for order_id, line_id, request in requests:
        by_order[order_id].append((line_id, request))
    order_plans: list[OrderRefundPlan] = []
    outcomes: dict[int, RefundOutcome] = defaultdict(RefundOutcome)
    changes: dict[int, tuple[LineChange, ...]] = defaultdict(tuple)
    for order_id in sorted(by_order, reverse=True):
        of_order = [request for _, request in by_order[order_id]]
        order_plan = _plan_order_refunds(snapshots[order_id], of_order, closes_as.get(order_id, ""))
        order_plans.append(order_plan)
        stages = zip(order_plan.stages, order_plan.stages[1:], strict=False)
        for (line_id, _), outcome, (before, after) in zip(
            by_order[order_id], _outcomes_of_order(order_plan), stages, strict=True
        ):
            outcomes[line_id] += outcome
            changes[line_id] += (LineChange(order_plan.snapshot, before, after),)
    return RefundPlan(tuple(order_plans), outcomes, changes)


def _plan_order_refunds(
    snapshot: OrderSnapshot, requests: Sequence[AnyRefundRequest], closes_as: str
) -> OrderRefundPlan:
    stages, shares = apply_refund_requests(snapshot.priced_order, requests)
    if not snapshot.priced_order.is_paid and snapshot.payments:
        shares = _refund_part_payments(shares, snapshot.overpaid(stages[-1]))
    money = sum((share.money for share in shares), ZERO)
    reason = snapshot.blocked_reason(money)
    return OrderRefundPlan(snapshot, tuple(requests), tuple(shares), tuple(stages), reason, closes_as)


def _refund_part_payments(shares: Iterable[RefundShare], overpaid: Decimal) -> list[RefundShare]:
    """Refund the part of the reduction that was paid already. Only the rest is no longer due."""
    found = []
    for share in shares:
        money = min(overpaid, share.waived)
        overpaid -= money
        found.append(replace(share, money=share.money + money, waived=share.waived - money))
    if found and overpaid:  # A voucher for one class may have paid more than the order costs less.
        found[-1] = replace(found[-1], money=found[-1].money + overpaid)
    return found


def _outcomes_of_order(order_plan: OrderRefundPlan) -> Iterable[RefundOutcome]:
    left = order_plan.parts
    for share, (refund, credit) in zip(order_plan.shares, order_plan.splits, strict=True):
        outcome = RefundOutcome(old_credit=share.credit, waived=share.waived, kept=share.kept)
        if share.money and order_plan.blocked_reason:
            yield outcome + RefundOutcome(pending=share.money, blocked_reason=order_plan.blocked_reason)
        else:
            taken_parts, left = _split_off_amount(left, refund)
            yield outcome + RefundOutcome(refund, credit, parts=tuple(taken_parts))


def _split_off_amount(parts: Parts, amount: Decimal) -> tuple[Parts, Parts]:
    taken_parts, rest = [], []
    for payment, part in parts:
        taken = min(part, amount)
        amount -= taken
        taken_parts += [(payment, taken)] if taken else []
        rest += [(payment, part - taken)] if part > taken else []
    return taken_parts, rest
