"""Refunds for many canceled lines at once: first a plan, then its application in the caller's transaction.

The caller has locked every order. Refunds are only reserved here and are sent after the commit. An amount that cannot
be refunded now, because the bank is deciding about a dispute, becomes a payment issue for the office.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from billing import events, gateways
from billing.domain import payment_issues
from billing.domain.orders import transitions
from billing.domain.pricing import balances, quotes
from billing.domain.refunds import reservations
from billing.domain.refunds.order_snapshot import OrderSnapshot, OrderSnapshots, chain_of_exchanged_lines
from billing.domain.refunds.refund_shares import PricedOrder, RefundRequest, RefundShare, apply_refund_requests
from billing.models import Credit, Order, OrderLine, Payment, PaymentIssue, Refund
from common.formats import format_money
from common.money import ZERO
from history.domain import record_actions
from outbox.domain import emit_many
from users.models import User

State = Order.State
Parts = list[tuple[Payment, Decimal]]


@dataclass(frozen=True)
class OrderRefundPlan:
    """The refunds of one order."""

    snapshot: OrderSnapshot
    requests: tuple[RefundRequest, ...]
    shares: tuple[RefundShare, ...]
    priced_order: PricedOrder
    blocked_reason: str = ""
    """This says why nothing can be refunded now. It was checked before anything was changed."""

    @property
    def order(self) -> Order:
        return self.snapshot.order

    @property
    def money(self) -> Decimal:
        return sum((share.money for share in self.shares), ZERO)

    @property
    def splits(self) -> list[tuple[Decimal, Decimal]]:
        """For each request, the amount refunded to the original method and the amount that becomes credit. Payments by
        gift voucher never become credit, and neither does anything without an account."""
        voucher_amount, found = self.snapshot.voucher_amount, []
        for request, share in zip(self.requests, self.shares, strict=True):
            to_credit = share.money if request.as_credit and self.order.payer_id is not None else ZERO
            onto_vouchers = min(to_credit, voucher_amount)
            voucher_amount -= onto_vouchers
            found.append((share.money - to_credit + onto_vouchers, to_credit - onto_vouchers))
        return found

    @property
    def as_credit(self) -> Decimal:
        return sum((credit for _, credit in self.splits), ZERO)

    @property
    def refunded(self) -> Decimal:
        return self.money - self.as_credit

    @property
    def parts(self) -> list[tuple[Payment, Decimal]]:
        """The amount refunded to each payment."""
        pairs = zip(self.requests, self.shares, strict=True)
        as_credit_requested = sum((share.money for request, share in pairs if request.as_credit), ZERO)
        onto_vouchers = as_credit_requested - self.as_credit if self.order.payer_id is not None else ZERO
        return self.snapshot.divide_refund(self.refunded, onto_vouchers, self.priced_order)

    @property
    def ended(self) -> frozenset[int]:
        return frozenset(request.line for request in self.requests if request.ends_line)


@dataclass(frozen=True)
class RefundOutcome:
    """The result of one request, in its order and in the earlier orders of exchanged lines."""

    refund: Decimal = ZERO
    new_credit: Decimal = ZERO
    old_credit: Decimal = ZERO
    waived: Decimal = ZERO
    kept: Decimal = ZERO
    pending: Decimal = ZERO
    blocked_reason: str = ""
    parts: tuple[tuple[Payment, Decimal], ...] = ()
    """The part of the refund that each payment receives."""

    @property
    def by_hand(self) -> Decimal:
        """The part of the refund that staff hand over: cash and transfers."""
        hands = dict(gateways.desk_methods())
        return sum((part for payment, part in self.parts if payment.variant in hands), ZERO)

    @property
    def onto_vouchers(self) -> Decimal:
        return sum((part for payment, part in self.parts if gateways.keeps_our_own_money(payment)), ZERO)

    def __add__(self, other: "RefundOutcome") -> "RefundOutcome":
        return RefundOutcome(
            self.refund + other.refund,
            self.new_credit + other.new_credit,
            self.old_credit + other.old_credit,
            self.waived + other.waived,
            self.kept + other.kept,
            self.pending + other.pending,
            self.blocked_reason or other.blocked_reason,
            self.parts + other.parts,
        )


def outcomes_of_plan(order_plan: OrderRefundPlan) -> Iterable[RefundOutcome]:
    """Return the outcome of each request, in their order."""
    left = order_plan.parts
    for share, (refund, credit) in zip(order_plan.shares, order_plan.splits, strict=True):
        outcome = RefundOutcome(old_credit=share.credit, waived=share.waived, kept=share.kept)
        if share.money and order_plan.blocked_reason:
            yield outcome + RefundOutcome(pending=share.money, blocked_reason=order_plan.blocked_reason)
        else:
            taken_parts, left = _split_off_amount(left, refund)
            yield outcome + RefundOutcome(refund, credit, parts=tuple(taken_parts))


def _split_off_amount(parts: Parts, amount: Decimal) -> tuple[Parts, Parts]:
    """Return the parts that make up the amount, starting with the first, and the rest of them."""
    taken_parts, rest = [], []
    for payment, part in parts:
        taken = min(part, amount)
        amount -= taken
        taken_parts += [(payment, taken)] if taken else []
        rest += [(payment, part - taken)] if part > taken else []
    return taken_parts, rest


@dataclass(frozen=True)
class RefundPlan:
    """The refunds of all orders, and the outcome of each line by its id."""

    order_plans: tuple[OrderRefundPlan, ...]
    by_line: Mapping[int, RefundOutcome]
    exchange_conflicts: tuple[tuple[Order, str], ...] = ()
    """Orders with a line that is being exchanged at this moment, and the sentence that says so."""


def plan_refunds(snapshots: OrderSnapshots, line_requests: Iterable[tuple[OrderLine, RefundRequest]]) -> RefundPlan:
    """Plan the refunds of each line and of the lines that it replaced, starting with the latest payment. Staff handle a
    line that is being exchanged at this moment, and its refund."""
    requests: dict[int, list[tuple[int, RefundRequest]]] = defaultdict(list)
    exchange_conflicts: dict[int, tuple[Order, str]] = {}
    found: dict[int, RefundOutcome] = {}
    for line, request in sorted(line_requests, key=lambda pair: pair[0].pk):
        found[line.pk] = RefundOutcome()
        snapshot = snapshots[line.order_id]
        if reason := snapshot.exchange_conflicts.get(line.pk):
            exchange_conflicts[line.pk], found[line.pk] = (snapshot.order, reason), RefundOutcome(blocked_reason=reason)
            continue
        for order_id, part in _spread_over_exchanged_lines(snapshots, line, request):
            requests[order_id].append((line.pk, part))
    order_plans = []
    for order_id in sorted(requests):
        order_plan = _plan_order_refunds(snapshots[order_id], [part for _, part in requests[order_id]])
        order_plans.append(order_plan)
        for (line_id, _), more in zip(requests[order_id], outcomes_of_plan(order_plan), strict=True):
            found[line_id] = found.get(line_id, RefundOutcome()) + more
    return RefundPlan(tuple(order_plans), found, tuple(exchange_conflicts.values()))


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


def _plan_order_refunds(snapshot: OrderSnapshot, requests: Sequence[RefundRequest]) -> OrderRefundPlan:
    priced_order, shares = apply_refund_requests(snapshot.priced_order, requests)
    if not priced_order.is_paid and snapshot.payments:
        shares = _refund_part_payments(shares, snapshot.overpaid(priced_order))
    money = sum((share.money for share in shares), ZERO)
    return OrderRefundPlan(snapshot, tuple(requests), tuple(shares), priced_order, snapshot.blocked_reason(money))


def _refund_part_payments(shares: Iterable[RefundShare], overpaid: Decimal) -> list[RefundShare]:
    """Refund the part of the reduction that was paid already. Only the rest is no longer due."""
    found = []
    for share in shares:
        money = min(overpaid, share.waived)
        overpaid -= money
        found.append(replace(share, money=share.money + money, waived=share.waived - money))
    return found


def _history_details(plan: OrderRefundPlan) -> dict[str, str]:
    return {"back": str(plan.money), "as_credit": str(plan.as_credit), "currency": plan.order.currency}


def apply_refund_plan(plan: RefundPlan, *, key: str, at: datetime, why: str, by: User | None) -> list[Refund]:
    """Return the refunds that were made. The `key` identifies this action among all others."""
    order_plans = plan.order_plans
    refunds = Refund.objects.filter(payment__order__in=[order_plan.order for order_plan in order_plans])
    before = set(refunds.values_list("pk", flat=True))
    lines = [line for order_plan in order_plans for line in _update_lines(order_plan, at)]
    OrderLine.objects.bulk_update(
        lines, ["price_facts", "retained", "canceled_at", "reserves_exchange"], batch_size=200
    )
    for order_plan in order_plans:
        _update_order_totals(order_plan, at)
    fields = [
        "amount_charged",
        "credit_retained",
        "returned_as_credit",
        "early_total",
        "regular_total",
        "state",
        "closed_at",
    ]
    Order.objects.bulk_update([order_plan.order for order_plan in order_plans], fields, batch_size=200)
    Credit.objects.bulk_create(entry for order_plan in order_plans for entry in _credit_entries(order_plan, why, by))
    reserved = [order_plan for order_plan in order_plans if order_plan.refunded and not order_plan.blocked_reason]
    _reserve_in_bulk([order_plan for order_plan in reserved if not order_plan.snapshot.voucher_amount], why, by)
    for order_plan in reserved:
        if order_plan.snapshot.voucher_amount:
            reservations.reserve_refund_parts(order_plan.order, order_plan.parts, why=why, by=by)
    for order_plan in order_plans:
        _finish_order(order_plan, at, why)
    for order, reason in plan.exchange_conflicts:
        payment_issues.open_issue(
            PaymentIssue.Kind.HAND_BACK, order, f"{reason} The school has canceled it since then ({why})."
        )
    details = [(order_plan.order, _history_details(order_plan)) for order_plan in order_plans]
    record_actions(by, "billing.lines_canceled", details, why=why)
    emit_many(
        events.LINES_CANCELED,
        {f"{order_plan.order.pk} {key}": {"order_id": order_plan.order.pk} for order_plan in order_plans},
    )
    return [refund for refund in refunds.select_related("payment").order_by("pk") if refund.pk not in before]


def _finish_order(order_plan: OrderRefundPlan, at: datetime, why: str) -> None:
    if order_plan.order.state == State.PLACED:
        _settle_unpaid_order(order_plan, at, why)
    elif order_plan.blocked_reason:
        _open_refund_issue(order_plan)


def _update_lines(order_plan: OrderRefundPlan, at: datetime) -> Iterable[OrderLine]:
    for line in order_plan.snapshot.lines:
        before, after = order_plan.snapshot.priced_order.facts(line.pk), order_plan.priced_order.facts(line.pk)
        if line.pk in order_plan.ended:
            line.canceled_at, line.retained = at, line.retained + order_plan.priced_order.kept.get(line.pk, ZERO)
            line.reserves_exchange = False
            yield line
        elif after is not None and after != before:
            line.price_facts = (line.price_facts or {}) | {
                "canceled_by_school": str(after.canceled_by_school),
                "exchange_credit": str(after.exchange_credit),
            }
            yield line


def _update_order_totals(order_plan: OrderRefundPlan, at: datetime) -> None:
    order = order_plan.order
    order.credit_retained += order_plan.priced_order.credit_retained
    order.returned_as_credit += ZERO if order_plan.blocked_reason else order_plan.as_credit
    if order.state == State.PAID:
        order.amount_charged -= order_plan.money
        return
    items = order_plan.priced_order.price_request.lines
    lost = quotes.lines_past_early_price(items, order.placed_at or at)
    quote = quotes.quote_both_totals(replace(order_plan.priced_order.price_request, lost=lost))
    order.early_total, order.regular_total = quote.now.total, quote.door.total
    if not items and not order_plan.snapshot.payments:
        order.state, order.closed_at = State.CANCELED, at


def _credit_entries(order_plan: OrderRefundPlan, why: str, by: User | None) -> Iterable[Credit]:
    fields = {"account_id": order_plan.order.payer_id, "currency": order_plan.order.currency, "order": order_plan.order}
    if order_plan.priced_order.credit_back:
        yield Credit(amount=order_plan.priced_order.credit_back, reason=Credit.Reason.RETURNED, **fields)
    if order_plan.as_credit and not order_plan.blocked_reason:
        yield Credit(amount=order_plan.as_credit, reason=Credit.Reason.INSTEAD, note=why[:300], created_by=by, **fields)


def _reserve_in_bulk(order_plans: Sequence[OrderRefundPlan], why: str, by: User | None) -> None:
    parts = [part for order_plan in order_plans for part in order_plan.parts]
    for payment, amount in parts:
        payment.refunded_amount += amount
    Payment.objects.bulk_update([payment for payment, _ in parts], ["refunded_amount"], batch_size=200)
    rows = (Refund(payment=payment, amount=amount, note=why[:300], created_by=by) for payment, amount in parts)
    found = Refund.objects.bulk_create(rows)
    payloads = {f"{refund.pk}": {"order_id": refund.payment.order_id, "refund_id": refund.pk} for refund in found}
    emit_many(events.REFUND_RESERVED, payloads)


def _open_refund_issue(order_plan: OrderRefundPlan) -> None:
    order, reason = order_plan.order, order_plan.blocked_reason
    text = f"{format_money(order_plan.money, order.currency)} needs to be refunded: the school canceled. {reason}"
    payment_issues.open_issue(PaymentIssue.Kind.HAND_BACK, order, text)


def _settle_unpaid_order(order_plan: OrderRefundPlan, at: datetime, why: str) -> None:
    # Less is due now, so the order may be fully paid or even overpaid.
    if not order_plan.priced_order.price_request.lines:
        transitions.cancel_unpaid_order(order_plan.order, at=at, why=why)
    elif order_plan.priced_order.price.total <= (
        balances.amount_available(order_plan.order) if order_plan.snapshot.payments else ZERO
    ):
        transitions.mark_paid(order_plan.order, at)
        reservations.return_late_payment(order_plan.order, balances.overpaid_amount(order_plan.order))
    elif order_plan.blocked_reason:
        _open_refund_issue(order_plan)
