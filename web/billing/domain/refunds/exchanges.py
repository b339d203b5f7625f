"""Exchanges of a paid line for another one, and what was paid for the old line; see docs/decisions/exchanges.md.

No money moves between orders: a payment stays with its order, and the new line costs so much less. Orders are locked
from the latest to the earliest, so that no deadlock can occur.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Self

from django.conf import settings

from billing.domain import locks, product_kinds
from billing.domain.pricing import balances, quotes
from billing.domain.refunds import plan_builder, terms
from billing.domain.refunds.apply import apply_refund_plan
from billing.domain.refunds.order_snapshot import OrderSnapshots, load_order_snapshots
from billing.domain.refunds.plan import RefundPlan, RefundTerms
from billing.domain.refunds.refund_shares import line_costs
from billing.errors import ProductUnavailable
from billing.models import Dispute, Order, OrderLine
from billing.rules.price_facts import PriceFacts
from common.money import ZERO, percent_of

NOT_PAID = "Only something you’ve paid for can be exchanged."
NOT_YOURS = "Only the person who paid can exchange it."
DISPUTED = "The payment is disputed at the bank, so this can’t be exchanged."


# -- whether a line can be exchanged ------------------------------------------------------------------------------


def exchange_refusal(line: OrderLine, at: datetime, by: OrderLine | None = None) -> str:
    """Return why the line cannot be exchanged, for the line `by` if given. Return "" if it can."""
    if line.canceled_at is not None or line.order.state != Order.State.PAID:
        return NOT_PAID
    if Dispute.objects.filter(payment__order=line.order_id).exclude(state=Dispute.State.WON).exists():
        return DISPUTED
    if by is not None and _payer_email(by.order) != _payer_email(line.order):
        return NOT_YOURS
    return "" if by is not None and line.successor(at) == by else line.given_away(at)


def exchange_problems(line: OrderLine, at: datetime) -> list[str]:
    reason = exchange_refusal(line.exchanged_from, at, by=line) if line.exchanged_from else ""
    return [reason] if reason else []


def _payer_email(order: Order) -> str:
    return order.payer.email if order.payer else order.payer_email


# -- the value of the old line ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LineWorth:
    paid: Decimal
    """The amount paid in money and credit, in this order and the earlier ones."""
    discounts: Decimal
    net_price: Decimal

    def discounts_on(self, net_price: Decimal, currency: str) -> Decimal:
        """Return the discounts, in proportion if the new price is lower, so that a downgrade earns nothing."""
        if net_price >= self.net_price:
            return self.discounts
        return percent_of(self.discounts, net_price * 100 / self.net_price, currency)


def line_worth(line: OrderLine) -> LineWorth:
    order = line.order
    return _worth_in(load_order_snapshots([order.pk], order.paid_at or order.created_at), line)


def _worth_in(snapshots: OrderSnapshots, line: OrderLine) -> LineWorth:
    """A goodwill refund of the whole order counts against the line."""
    priced_order = snapshots[line.order_id].priced_order
    price = priced_order.price
    reduction = max(price.total - priced_order.amount_charged, ZERO)
    cost, exchange_credit = line_costs(price).get(line.pk, ZERO), exchange_credit_used(price, line)
    old = _replaced_line(snapshots, line)
    paid_before = min(exchange_credit, _worth_in(snapshots, old).paid) if old else ZERO
    net_price = PriceFacts.from_json(line.price_facts or {"list_price": 0}).net_price
    returned_by_school = _step_reduction(price, line, "canceled_by_school")
    return LineWorth(
        max(cost - reduction, ZERO) + paid_before, net_price - cost - exchange_credit - returned_by_school, net_price
    )


def _replaced_line(snapshots: OrderSnapshots, line: OrderLine) -> OrderLine | None:
    lines = (each for snapshot in snapshots.values() for each in snapshot.lines)
    return next((each for each in lines if each.pk == line.exchanged_from_id), None)


def exchange_credit_used(price: quotes.Price, line: OrderLine) -> Decimal:
    return _step_reduction(price, line, "exchange_credit")


def _step_reduction(price: quotes.Price, line: OrderLine, step: str) -> Decimal:
    parts = (part for part in price.adjustments if part.key == line.pk and part.step == step)
    return -sum((part.amount for part in parts), ZERO)


def price_facts_of_line(line: OrderLine, at: datetime) -> PriceFacts:
    """Return the facts of the product kind, with what was paid for the line that this one replaces."""
    kind = product_kinds.kind_of_line(line)
    facts = kind.price_facts(line, at)
    if line.exchanged_from is None:
        return facts
    exchange = Exchange.of(line.exchanged_from, at)
    if line.exchanged_from.part_id is not None:  # The kind has already counted what was used of the part.
        exchange = replace(exchange, is_used=False)
    return exchange.facts(facts, waived=line.difference_waived)


@dataclass(frozen=True)
class Exchange:
    """A paid line, to price what it may be exchanged for."""

    title: str
    currency: str
    worth: LineWorth
    is_used: bool

    @classmethod
    def of(cls, old: OrderLine, at: datetime) -> Self:
        return cls(old.title, old.order.currency, line_worth(old), _is_used(old, at))

    def facts(self, new: PriceFacts, *, waived: bool = False) -> PriceFacts:
        """The discounts of the old line are carried over, so the new line gets no multi-class discount.

        The new line is reduced for meetings that are over only if nothing of the old one was used. Otherwise a student
        would have attended for free.
        """
        new = replace(
            new,
            multi_class_discount=ZERO,
            at_the_door=False,
            exchanged_title=self.title,
            exchange_credit=self.worth.paid,
        )
        if self.is_used:
            new = replace(new, reduction=ZERO, reduction_reason="")
        new = replace(new, exchanged_discounts=self.worth.discounts_on(new.net_price, self.currency))
        difference = new.net_price - new.exchanged_discounts - new.exchange_credit
        if waived and difference > 0:
            new = replace(
                new, reduction=new.reduction + difference, reduction_reason="Difference waived", early_discount=ZERO
            )
        return new


def _is_used(line: OrderLine, at: datetime) -> bool:
    # A line that this one replaced counts for the time before its exchange.
    if product_kinds.kind_of_line(line).share_used(line, at) > 0:
        return True
    return line.exchanged_from is not None and _is_used(line.exchanged_from, line.exchanged_from.exchanged_at or at)


def exchange_chain(line: OrderLine) -> list[OrderLine]:
    return [line] if line.exchanged_from is None else [line, *exchange_chain(line.exchanged_from)]


def lines_built_on(order_id: int) -> list[OrderLine]:
    """Return the lines of an order and those that have replaced them since."""
    found = newest = list(OrderLine.objects.filter(order=order_id))
    while newest:
        newest = list(OrderLine.objects.filter(exchanged_from__in=newest, exchanged_from__exchanged_at__isnull=False))
        found = [*found, *newest]
    return found


# -- reservation of the old line ----------------------------------------------------------------------------------


def lock_orders_behind(order: Order) -> None:
    # Call this before locking anything that comes after orders.
    for line in (
        order.lines.filter(canceled_at=None).exclude(exchanged_from=None).order_by("exchanged_from__order", "pk")
    ):
        _lock_earlier_orders(line)


def _lock_earlier_orders(line: OrderLine) -> None:
    for earlier in exchange_chain(line)[1:]:
        locks.lock_order(earlier.order_id)


def reserve_old_line(line: OrderLine, at: datetime) -> None:
    """Reserve the replaced line for this exchange while the order is open. Raises ProductUnavailable."""
    if line.exchanged_from is None or (line.reserves_exchange and line.exchanged_from.exchanged_at):
        return
    _lock_earlier_orders(line)
    old = OrderLine.objects.select_related("order").get(pk=line.exchanged_from.pk)
    if reason := exchange_refusal(old, at, by=line):
        raise ProductUnavailable(reason)
    old.exchanged_to.exclude(pk=line.pk).update(reserves_exchange=False)
    line.reserves_exchange = True
    line.save(update_fields=["reserves_exchange"])


# -- completion ---------------------------------------------------------------------------------------------------


def complete_exchange(line: OrderLine, at: datetime) -> None:
    """End the old line once the new one is confirmed, and refund what the new one costs less. Repeating is harmless."""
    if line.exchanged_from is None or not line.reserves_exchange:
        return
    snapshots = load_order_snapshots([line.exchanged_from.order_id], at, lock=True)
    old = _replaced_line(snapshots, line)
    if old is None or old.exchanged_at is not None:
        return
    old.exchanged_at = at
    old.save(update_fields=["exchanged_at"])
    product_kinds.kind_of_line(old).hand_over_to(old, line)
    needed = exchange_credit_used(balances.price_at(line.order, line.order.paid_at or at), line)
    line.price_facts = {**(line.price_facts or {}), "exchange_credit": str(needed)}
    line.save(update_fields=["price_facts"])
    apply_refund_plan(plan_surplus(snapshots, old, needed, at), at=at, why="Exchanged for something that costs less.")


def plan_surplus(snapshots: OrderSnapshots, old: OrderLine, needed: Decimal, at: datetime) -> RefundPlan:
    """Plan what is returned if only `needed` of what was paid for the old line pays for the new one."""
    reductions = _surplus_of_exchange(snapshots, old, needed)
    return plan_builder.plan_exchange_surplus(snapshots, reductions, surplus_refund_terms(old, at))


def surplus_refund_terms(old: OrderLine, at: datetime) -> RefundTerms:
    """Say how the surplus is returned: under the terms of the old line, or all of it as credit."""
    if settings.EXCHANGE_SURPLUS == "credit" and old.order.payer is not None:
        return RefundTerms(Decimal(100), as_credit=True)
    return RefundTerms.from_step(terms.terms_sold(old, at).at(at))


def _surplus_of_exchange(
    snapshots: OrderSnapshots, line: OrderLine, needed: Decimal
) -> Iterator[tuple[OrderLine, Decimal]]:
    """Yield by how much the line and those before it cost less, starting with the newest."""
    price, old = snapshots[line.order_id].priced_order.price, _replaced_line(snapshots, line)
    paid_before = min(exchange_credit_used(price, line), _worth_in(snapshots, old).paid) if old else ZERO
    reduction = line_costs(price).get(line.pk, ZERO) - max(needed - paid_before, ZERO)
    if reduction > 0:
        yield line, reduction
    if old is not None and needed < paid_before:
        yield from _surplus_of_exchange(snapshots, old, needed)
