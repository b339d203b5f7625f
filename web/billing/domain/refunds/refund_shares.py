"""A priced order, and what a refund of one of its lines does to it. Nothing here reads the database.

The refund lowers the cost of the line, and the order is priced again by the rules of the purchase. Money is returned
first, and spent credit only when no money is left. The other lines keep their prices: a discount that they had because
of a line that the school canceled stays with them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from billing.domain.pricing import quotes
from billing.rules.price_facts import PriceFacts
from common.money import ZERO, round_amount


@dataclass(frozen=True)
class RefundRequest:
    """The cost of a line is lowered by `reduction`. With `ends_line`, the line is canceled."""

    line: int
    reduction: Decimal
    ends_line: bool = False
    as_credit: bool = False
    """The payment becomes account credit if the payer has an account."""
    earlier_orders_part: Decimal = ZERO
    """The amount refunded from the orders of the lines that this line replaced."""


@dataclass(frozen=True)
class RefundShare:
    """The result for one line. `money` is refunded, `credit` is returned as credit, `waived` was not paid yet and is no
    longer due, and `kept` is what the school keeps of a line that ended."""

    line: int
    cost: Decimal = ZERO
    money: Decimal = ZERO
    credit: Decimal = ZERO
    waived: Decimal = ZERO
    kept: Decimal = ZERO


@dataclass(frozen=True)
class PricedOrder:
    """The lines that are not canceled, priced by the rules of the purchase. `amount_charged` excludes retained fees."""

    price_request: quotes.PriceRequest
    is_paid: bool
    amount_charged: Decimal = ZERO
    kept: Mapping[int, Decimal] = field(default_factory=dict)
    """The amount that the school keeps of each line that ended, by the line's id."""
    credit_back: Decimal = ZERO
    credit_retained: Decimal = ZERO
    at_the_door: bool = False
    """The order is unpaid and will be paid at the door, so its regular price is due."""

    @property
    def price(self) -> quotes.Price:
        return quotes.compute_price(self.price_request)

    @property
    def due(self) -> Decimal:
        """The amount due if nothing is paid yet."""
        if not self.at_the_door:
            return self.price.total
        return quotes.compute_price(
            replace(self.price_request, lost=frozenset(item.key for item in self.price_request.lines))
        ).total

    def costs(self) -> dict[int, Decimal]:
        """Return the cost of each line that is not canceled, before credit."""
        return line_costs(self.price)

    def facts(self, line: int) -> PriceFacts | None:
        """Return None for a line that ended."""
        return next((item.price_facts for item in self.price_request.lines if item.key == line), None)


def line_costs(price: quotes.Price) -> dict[int, Decimal]:
    found = dict(price.lines)
    for part in price.adjustments:
        if part.step == "credit":
            found[part.key] -= part.amount
    return found


def apply_refund_requests(
    priced_order: PricedOrder, requests: Iterable[RefundRequest]
) -> tuple[PricedOrder, list[RefundShare]]:
    """Apply one request after the other. The share of a line that is already canceled is empty."""
    shares = []
    for request in requests:
        priced_order, share = _apply_refund_request(priced_order, request)
        shares.append(share)
    return priced_order, shares


def _apply_refund_request(priced_order: PricedOrder, request: RefundRequest) -> tuple[PricedOrder, RefundShare]:
    before = line_costs(priced_order.price)
    if request.line not in before:
        return priced_order, RefundShare(request.line)
    cost = before[request.line]
    reduction = max(min(round_amount(request.reduction, priced_order.price_request.currency), cost), ZERO)
    if request.ends_line:
        reduction = reduction if priced_order.is_paid else cost  # Nothing is owed for an unpaid line that is canceled.
        items = tuple(item for item in priced_order.price_request.lines if item.key != request.line)
    else:
        items = _reduce_line_cost(
            priced_order.price_request.lines, request.line, reduction, request.earlier_orders_part
        )
    price_request = _keep_other_costs(replace(priced_order.price_request, lines=items), before)
    return _account_for_reduction(
        priced_order,
        price_request,
        RefundShare(request.line, cost, kept=cost - reduction if request.ends_line else ZERO),
        reduction,
    )


def _keep_other_costs(price_request: quotes.PriceRequest, before: Mapping[int, Decimal]) -> quotes.PriceRequest:
    # The other lines do not become more expensive.
    for line, cost in line_costs(quotes.compute_price(price_request)).items():
        if cost > before[line]:
            price_request = replace(
                price_request, lines=_reduce_line_cost(price_request.lines, line, cost - before[line])
            )
    return price_request


def _reduce_line_cost(
    items: Iterable[quotes.PriceLine], line: int, reduction: Decimal, earlier_orders_part: Decimal = ZERO
) -> tuple[quotes.PriceLine, ...]:
    return tuple(
        replace(item, price_facts=_reduced_facts(item.price_facts, reduction, earlier_orders_part))
        if item.key == line
        else item
        for item in items
    )


def _reduced_facts(facts: PriceFacts, reduction: Decimal, earlier_orders_part: Decimal) -> PriceFacts:
    return replace(
        facts,
        canceled_by_school=facts.canceled_by_school + reduction + earlier_orders_part,
        exchange_credit=facts.exchange_credit - earlier_orders_part,
    )


def _account_for_reduction(
    priced_order: PricedOrder, price_request: quotes.PriceRequest, share: RefundShare, reduction: Decimal
) -> tuple[PricedOrder, RefundShare]:
    price = quotes.compute_price(price_request)
    over = price_request.credit - price.credit
    kept_credit = min(over, share.kept)
    credit = over - kept_credit
    rest = max(priced_order.amount_charged - price.total, ZERO) if priced_order.is_paid else ZERO
    kept = min(share.kept - kept_credit, rest)
    money = rest - kept
    after = replace(
        priced_order,
        price_request=replace(price_request, credit=price_request.credit - over),
        amount_charged=priced_order.amount_charged - rest,
        kept={**priced_order.kept, share.line: kept} if share.kept else priced_order.kept,
        credit_back=priced_order.credit_back + credit,
        credit_retained=priced_order.credit_retained + kept_credit,
    )
    waived = ZERO if priced_order.is_paid else max(priced_order.due - after.due, ZERO)
    return after, replace(share, money=money, credit=credit, waived=waived, kept=kept + kept_credit)
