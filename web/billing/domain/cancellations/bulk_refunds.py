"""From wishes to what they come to, and then doing it: in bulk, in the caller's transaction, with every order locked.

Nothing is sent here; refunds are reserved, and leave after the commit. Money that cannot go back now (a bank decides
about it) is put on the office's list.
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
from billing.domain.refunds.order_snapshot import Books, OrderSnapshot, chain_of_exchanged_lines
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
    """What comes of the wishes about one order."""

    looked: OrderSnapshot
    wishes: tuple[RefundRequest, ...]
    backs: tuple[RefundShare, ...]
    sheet: PricedOrder
    why_not: str = ""
    """Why its money cannot go back now, as it was before anything was done."""

    @property
    def order(self) -> Order:
        return self.looked.order

    @property
    def money(self) -> Decimal:
        return sum((back.money for back in self.backs), ZERO)

    @property
    def splits(self) -> list[tuple[Decimal, Decimal]]:
        """For each request, the amount refunded to the original method and the amount that becomes credit. Payments by
        gift voucher never become credit, and neither does anything without an account."""
        held, found = self.looked.held, []
        for wish, back in zip(self.wishes, self.backs, strict=True):
            to_credit = back.money if wish.as_credit and self.order.payer_id is not None else ZERO
            onto_vouchers = min(to_credit, held)
            held -= onto_vouchers
            found.append((back.money - to_credit + onto_vouchers, to_credit - onto_vouchers))
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
        wished = sum((back.money for wish, back in zip(self.wishes, self.backs, strict=True) if wish.as_credit), ZERO)
        onto_vouchers = wished - self.as_credit if self.order.payer_id is not None else ZERO
        return self.looked.parts(self.refunded, onto_vouchers, self.sheet)

    @property
    def ended(self) -> frozenset[int]:
        return frozenset(wish.line for wish in self.wishes if wish.ends)


@dataclass(frozen=True)
class RefundOutcome:
    """What comes of one demand, in all the orders that it reaches into."""

    refund: Decimal = ZERO
    new_credit: Decimal = ZERO
    old_credit: Decimal = ZERO
    waived: Decimal = ZERO
    kept: Decimal = ZERO
    pending: Decimal = ZERO
    why_not: str = ""
    parts: tuple[tuple[Payment, Decimal], ...] = ()
    """The part of the refund that each payment receives."""

    @property
    def by_hand(self) -> Decimal:
        """Of the refund: cash and transfers, which a person gives back and finds on the desk's list."""
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
            self.why_not or other.why_not,
            self.parts + other.parts,
        )


def outcomes_of_plan(one: OrderRefundPlan) -> Iterable[RefundOutcome]:
    """By wish."""
    left = one.parts
    for back, (refund, credit) in zip(one.backs, one.splits, strict=True):
        given = RefundOutcome(old_credit=back.credit, waived=back.waived, kept=back.kept)
        if back.money and one.why_not:
            yield given + RefundOutcome(pending=back.money, why_not=one.why_not)
        else:
            mine, left = _split_off_amount(left, refund)
            yield given + RefundOutcome(refund, credit, parts=tuple(mine))


def _split_off_amount(parts: Parts, amount: Decimal) -> tuple[Parts, Parts]:
    """Those that make up the amount, from the first on, and what is left of them."""
    mine, rest = [], []
    for payment, part in parts:
        taken = min(part, amount)
        amount -= taken
        mine += [(payment, taken)] if taken else []
        rest += [(payment, part - taken)] if part > taken else []
    return mine, rest


@dataclass(frozen=True)
class RefundPlan:
    """Everything that is to be done, and by line what comes of it."""

    plans: tuple[OrderRefundPlan, ...]
    by_line: Mapping[int, RefundOutcome]
    spoken_for: tuple[tuple[Order, str], ...] = ()


def plan_refunds(books: Books, demands: Iterable[tuple[OrderLine, RefundRequest]]) -> RefundPlan:
    """Plan the refunds of each line and of the lines that it replaced, starting with the latest payment. Staff handle a
    line that is being exchanged at this moment, and its refund."""
    wishes: dict[int, list[tuple[int, RefundRequest]]] = defaultdict(list)
    spoken_for: dict[int, tuple[Order, str]] = {}
    found: dict[int, RefundOutcome] = {}
    for line, wish in sorted(demands, key=lambda pair: pair[0].pk):
        found[line.pk] = RefundOutcome()
        looked = books[line.order_id]
        if said := looked.spoken_for.get(line.pk):
            spoken_for[line.pk], found[line.pk] = (looked.order, said), RefundOutcome(why_not=said)
            continue
        for order_id, part in _spread_over_exchanged_lines(books, line, wish):
            wishes[order_id].append((line.pk, part))
    plans = []
    for order_id in sorted(wishes):
        one = _plan_order_refunds(books[order_id], [part for _, part in wishes[order_id]])
        plans.append(one)
        for (line_id, _), more in zip(wishes[order_id], outcomes_of_plan(one), strict=True):
            found[line_id] = found.get(line_id, RefundOutcome()) + more
    return RefundPlan(tuple(plans), found, tuple(spoken_for.values()))


def _spread_over_exchanged_lines(
    books: Books, line: OrderLine, wish: RefundRequest
) -> Iterable[tuple[int, RefundRequest]]:
    left, parts = wish.off, []
    for each in chain_of_exchanged_lines(books, line):
        looked = books[each.order_id]
        if each.canceled_at is None and looked.is_open:
            part = min(left, looked.cost(each.pk))
            left -= part
            parts.append((each, part))
    behind = sum((part for _, part in parts), ZERO)
    for each, part in parts:
        behind -= part
        if part or behind or wish.ends:
            yield each.order_id, replace(wish, line=each.pk, off=part, behind=behind)


def _plan_order_refunds(looked: OrderSnapshot, wishes: Sequence[RefundRequest]) -> OrderRefundPlan:
    sheet, backs = apply_refund_requests(looked.sheet, wishes)
    if not sheet.is_paid and looked.payments:
        backs = _refund_part_payments(backs, looked.overpaid(sheet))
    money = sum((back.money for back in backs), ZERO)
    return OrderRefundPlan(looked, tuple(wishes), tuple(backs), sheet, looked.why_not(money))


def _refund_part_payments(backs: Iterable[RefundShare], overpaid: Decimal) -> list[RefundShare]:
    """Refund the part of the reduction that was paid already. Only the rest is no longer due."""
    found = []
    for back in backs:
        money = min(overpaid, back.waived)
        overpaid -= money
        found.append(replace(back, money=back.money + money, waived=back.waived - money))
    return found


def _history_details(plan: OrderRefundPlan) -> dict[str, str]:
    return {"back": str(plan.money), "as_credit": str(plan.as_credit), "currency": plan.order.currency}


def apply_refund_plan(deal: RefundPlan, *, key: str, at: datetime, why: str, by: User | None) -> list[Refund]:
    """Return the refunds that were made. The `key` identifies this action among all others."""
    plans = deal.plans
    refunds = Refund.objects.filter(payment__order__in=[one.order for one in plans])
    before = set(refunds.values_list("pk", flat=True))
    lines = [line for one in plans for line in _update_lines(one, at)]
    OrderLine.objects.bulk_update(
        lines, ["price_facts", "retained", "canceled_at", "reserves_exchange"], batch_size=200
    )
    for one in plans:
        _update_order_totals(one, at)
    fields = [
        "amount_charged",
        "credit_retained",
        "returned_as_credit",
        "early_total",
        "regular_total",
        "state",
        "closed_at",
    ]
    Order.objects.bulk_update([one.order for one in plans], fields, batch_size=200)
    Credit.objects.bulk_create(entry for one in plans for entry in _credit_entries(one, why, by))
    reserved = [one for one in plans if one.refunded and not one.why_not]
    _reserve_in_bulk([one for one in reserved if not one.looked.held], why, by)
    for one in reserved:
        if one.looked.held:
            reservations.reserve_refund_parts(one.order, one.parts, why=why, by=by)
    for one in plans:
        _finish_order(one, at, why)
    for order, said in deal.spoken_for:
        payment_issues.open_issue(
            PaymentIssue.Kind.HAND_BACK, order, f"{said} The school has canceled it since then ({why})."
        )
    details = [(one.order, _history_details(one)) for one in plans]
    record_actions(by, "billing.lines_canceled", details, why=why)
    emit_many(events.LINES_CANCELED, {f"{one.order.pk} {key}": {"order_id": one.order.pk} for one in plans})
    return [refund for refund in refunds.select_related("payment").order_by("pk") if refund.pk not in before]


def _finish_order(one: OrderRefundPlan, at: datetime, why: str) -> None:
    if one.order.state == State.PLACED:
        _settle_unpaid_order(one, at, why)
    elif one.why_not:
        _open_refund_issue(one)


def _update_lines(one: OrderRefundPlan, at: datetime) -> Iterable[OrderLine]:
    for line in one.looked.lines:
        before, after = one.looked.sheet.facts(line.pk), one.sheet.facts(line.pk)
        if line.pk in one.ended:
            line.canceled_at, line.retained = at, line.retained + one.sheet.kept.get(line.pk, ZERO)
            line.reserves_exchange = False
            yield line
        elif after is not None and after != before:
            line.price_facts = (line.price_facts or {}) | {
                "canceled_by_school": str(after.canceled_by_school),
                "exchange_credit": str(after.exchange_credit),
            }
            yield line


def _update_order_totals(one: OrderRefundPlan, at: datetime) -> None:
    order = one.order
    order.credit_retained += one.sheet.credit_retained
    order.returned_as_credit += ZERO if one.why_not else one.as_credit
    if order.state == State.PAID:
        order.amount_charged -= one.money
        return
    items = one.sheet.ask.lines
    lost = quotes.lines_past_early_price(items, order.placed_at or at)
    quote = quotes.quote_both_totals(replace(one.sheet.ask, lost=lost))
    order.early_total, order.regular_total = quote.now.total, quote.door.total
    if not items and not one.looked.payments:
        order.state, order.closed_at = State.CANCELED, at


def _credit_entries(one: OrderRefundPlan, why: str, by: User | None) -> Iterable[Credit]:
    fields = {"account_id": one.order.payer_id, "currency": one.order.currency, "order": one.order}
    if one.sheet.credit_back:
        yield Credit(amount=one.sheet.credit_back, reason=Credit.Reason.RETURNED, **fields)
    if one.as_credit and not one.why_not:
        yield Credit(amount=one.as_credit, reason=Credit.Reason.INSTEAD, note=why[:300], created_by=by, **fields)


def _reserve_in_bulk(plans: Sequence[OrderRefundPlan], why: str, by: User | None) -> None:
    parts = [part for one in plans for part in one.parts]
    for payment, amount in parts:
        payment.refunded_amount += amount
    Payment.objects.bulk_update([payment for payment, _ in parts], ["refunded_amount"], batch_size=200)
    rows = (Refund(payment=payment, amount=amount, note=why[:300], created_by=by) for payment, amount in parts)
    found = Refund.objects.bulk_create(rows)
    told = {f"{refund.pk}": {"order_id": refund.payment.order_id, "refund_id": refund.pk} for refund in found}
    emit_many(events.REFUND_RESERVED, told)


def _open_refund_issue(one: OrderRefundPlan) -> None:
    text = f"{format_money(one.money, one.order.currency)} needs to be refunded: the school canceled. {one.why_not}"
    payment_issues.open_issue(PaymentIssue.Kind.HAND_BACK, one.order, text)


def _settle_unpaid_order(one: OrderRefundPlan, at: datetime, why: str) -> None:
    """Less is to be paid now: perhaps everything is there already, and more than that."""
    if not one.sheet.ask.lines:
        transitions.cancel_unpaid_order(one.order, at=at, why=why)
    elif one.sheet.price.total <= (balances.amount_available(one.order) if one.looked.payments else ZERO):
        transitions.mark_paid(one.order, at)
        reservations.return_late_payment(one.order, balances.overpaid_amount(one.order))
    elif one.why_not:
        _open_refund_issue(one)
