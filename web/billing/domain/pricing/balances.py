"""What an order costs, what was received and what is owed. All of it is calculated from the stored rows.

Lines and payments that were prefetched are not read again. So whoever changes an order locks a fresh one with
`locks.lock_order`, never relies on the one it was given, and adds no line or payment behind a prefetched relation.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from billing.domain.pricing import credit, quotes
from billing.models import Order, OrderLine
from billing.rules.price_facts import PriceFacts
from common.money import ZERO, round_amount


def price_request_for(order: Order, at: datetime) -> quotes.PriceRequest:
    # These are the facts, code and credit of the purchase. The early price counts if it is still valid at that time.
    items = tuple(
        quotes.PriceLine(
            line.pk, line.kind, line.product_id, PriceFacts.from_json(line.price_facts or {"list_price": 0})
        )
        for line in order.lines.all()
        if line.canceled_at is None
    )
    return quotes.PriceRequest(
        lines=items,
        currency=order.currency,
        discount=quotes.Discount.from_json(order.discount_snapshot),
        credit=max(spent_credit(order) - order.credit_retained, ZERO),
        lost=quotes.lines_past_early_price(items, at),
        ordered_at=order.placed_at or at,
    )


def spent_credit(order: Order) -> Decimal:
    # An order never spends more credit than it was quoted, so most orders need not be looked up.
    return credit.credit_spent_on(order) if quoted_credit(order) else ZERO


def price_at(order: Order, at: datetime) -> quotes.Price:
    return quotes.compute_price(price_request_for(order, at))


def regular_price(order: Order) -> quotes.Price:
    request = price_request_for(order, order.placed_at or order.created_at)
    return quotes.compute_price(replace(request, lost=frozenset(item.key for item in request.lines)))


@dataclass(frozen=True)
class PricedLine:
    line: OrderLine
    parts: list[quotes.PriceStep]
    total: Decimal

    @property
    def cost(self) -> Decimal:
        return sum((part.amount for part in self.parts if part.step != "credit"), ZERO)


def itemized_lines(order: Order, at: datetime) -> list[PricedLine]:
    """Uses the prices at the time of payment, or current prices, and the regular price for an order due at the door."""
    at_the_door = order.state == Order.State.PLACED and order.due_kind == Order.Due.DOOR
    price = regular_price(order) if at_the_door else price_at(order, order.paid_at or at)
    return bill_lines(order.lines.all(), price)


def bill_lines(lines: Iterable[OrderLine], price: quotes.Price) -> list[PricedLine]:
    return [
        PricedLine(line, [], ZERO)
        if line.is_canceled
        else PricedLine(
            line, [part for part in price.adjustments if part.key == line.pk], price.lines.get(line.pk, ZERO)
        )
        for line in lines
    ]


def included_tax(priced: list[PricedLine], currency: str) -> list[tuple[Decimal, Decimal]]:
    """Returns pairs of rate and included tax, rounded per line. Credit is a payment, so it does not lower the tax."""
    sums: dict[Decimal, Decimal] = {}
    for item in priced:
        rate = PriceFacts.from_json(item.line.price_facts or {"list_price": 0}).tax_percent
        if rate:
            sums[rate] = sums.get(rate, ZERO) + round_amount(item.cost * rate / (100 + rate), currency)
    return sorted(sums.items())


def amount_received(order: Order) -> Decimal:
    return sum((payment.captured_amount - payment.refunded_amount for payment in order.payments.all()), ZERO)


def amount_available(order: Order) -> Decimal:
    # Money that became account credit after the order had expired can no longer pay for it.
    return amount_received(order) - order.returned_as_credit


def open_balance(order: Order, at: datetime) -> Decimal:
    if order.state != Order.State.PLACED:
        return ZERO
    return max(price_at(order, at).total - amount_available(order), ZERO)


def open_balance_at_door(order: Order) -> Decimal:
    if order.state != Order.State.PLACED:
        return ZERO
    return max(regular_price(order).total - amount_available(order), ZERO)


def balance_if_reinstated(order: Order, at: datetime) -> Decimal:
    price = quotes.compute_price(replace(price_request_for(order, at), credit=quoted_credit(order)))
    return max(price.total - amount_available(order), ZERO)


def overpaid_amount(order: Order) -> Decimal:
    return amount_available(order) - order.amount_charged


def quoted_credit(order: Order) -> Decimal:
    steps = (step for line in order.lines.all() for step in quotes.stored_steps(line, quotes.NOW))
    return -sum((step.amount for step in steps if step.step == "credit"), ZERO)
