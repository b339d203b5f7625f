"""A priced order, and what a refund of one of its lines does to it. Nothing here reads the database.

The school may lower the cost of a line by an amount. Money is returned first, and spent credit only when no money is
left. The other lines keep their prices: a discount that they had because of a line that the school canceled stays with
them.

Under the cancellation terms, the rest of the order is priced again by the rules of the purchase, and a percentage of
the difference is refunded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from billing.domain.pricing import quotes
from billing.rules.price_facts import PriceFacts
from common.money import ZERO, percent_of, round_amount


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
class TermsRefundRequest:
    """A line is canceled, or costs less by `reduction`. This percentage of the difference is refunded, and the line
    keeps the rest."""

    line: int
    percent: Decimal
    as_credit: bool = False
    reduction: Decimal | None = None

    @property
    def ends_line(self) -> bool:
        return self.reduction is None


AnyRefundRequest = RefundRequest | TermsRefundRequest


@dataclass(frozen=True)
class RefundShare:
    """The result for one line. `money` is refunded, `credit` is returned as credit, `waived` was not paid yet and is no
    longer due, and `kept` is what the school keeps of a line that ended."""

    line: int
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
    """The amount that the school keeps of each line, by the line's id."""
    credit_back: Decimal = ZERO
    credit_retained: Decimal = ZERO
    at_the_door: bool = False
    """The order is unpaid and will be paid at the door, so its regular price is due."""

    @property
    def price(self) -> quotes.Price:
        return quotes.compute_price(self.price_request)

    @property
    def due(self) -> Decimal:
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
    priced_order: PricedOrder, requests: Iterable[AnyRefundRequest]
) -> tuple[list[PricedOrder], list[RefundShare]]:
    """Apply one request after the other. Return the order at first and after each request, and each line's share.

    The share of a line that is already canceled is empty.
    """
    stages, shares = [priced_order], []
    for request in requests:
        if isinstance(request, TermsRefundRequest):
            after, share = _apply_terms_request(stages[-1], request)
        else:
            after, share = _apply_refund_request(stages[-1], request)
        stages.append(after)
        shares.append(share)
    return stages, shares


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
    credit, money = surplus = _surplus(priced_order, price_request)
    kept = cost - reduction if request.ends_line else ZERO
    kept_credit = min(credit, kept)
    kept_amounts = (kept_credit, min(kept - kept_credit, money))
    return _book_surplus(priced_order, price_request, request.line, surplus, kept_amounts)


def _apply_terms_request(priced_order: PricedOrder, request: TermsRefundRequest) -> tuple[PricedOrder, RefundShare]:
    items = priced_order.price_request.lines
    if all(item.key != request.line for item in items):
        return priced_order, RefundShare(request.line)
    price_request = replace(
        priced_order.price_request,
        lines=tuple(item for item in items if item.key != request.line)
        if request.reduction is None
        else _change_amounts(items, request.line, returned_on_exchange=request.reduction),
    )
    credit, money = surplus = _surplus(priced_order, price_request)
    percent = request.percent if priced_order.is_paid else Decimal(100)  # Nothing is kept for an unpaid line.
    kept_amounts = (
        credit - percent_of(credit, percent, price_request.currency),
        money - percent_of(money, percent, price_request.currency),
    )
    return _book_surplus(priced_order, price_request, request.line, surplus, kept_amounts)


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
    return _change_amounts(
        items, line, canceled_by_school=reduction + earlier_orders_part, exchange_credit=-earlier_orders_part
    )


def _change_amounts(items: Iterable[quotes.PriceLine], line: int, **changes: Decimal) -> tuple[quotes.PriceLine, ...]:
    def changed(facts: PriceFacts) -> PriceFacts:
        return replace(facts, **{name: getattr(facts, name) + change for name, change in changes.items()})

    return tuple(replace(item, price_facts=changed(item.price_facts)) if item.key == line else item for item in items)


def _surplus(priced_order: PricedOrder, price_request: quotes.PriceRequest) -> tuple[Decimal, Decimal]:
    """Return the spent credit and the charged amount that the order no longer needs."""
    price = quotes.compute_price(price_request)
    money = max(priced_order.amount_charged - price.total, ZERO) if priced_order.is_paid else ZERO
    return price_request.credit - price.credit, money


def _book_surplus(
    priced_order: PricedOrder,
    price_request: quotes.PriceRequest,
    line: int,
    surplus: tuple[Decimal, Decimal],
    kept_amounts: tuple[Decimal, Decimal],
) -> tuple[PricedOrder, RefundShare]:
    (credit, money), (kept_credit, kept) = surplus, kept_amounts
    after = replace(
        priced_order,
        price_request=replace(price_request, credit=price_request.credit - credit),
        amount_charged=priced_order.amount_charged - money,
        kept={**priced_order.kept, line: priced_order.kept.get(line, ZERO) + kept} if kept else priced_order.kept,
        credit_back=priced_order.credit_back + credit - kept_credit,
        credit_retained=priced_order.credit_retained + kept_credit,
    )
    waived = ZERO if priced_order.is_paid else max(priced_order.due - after.due, ZERO)
    return after, RefundShare(line, money - kept, credit - kept_credit, waived, kept + kept_credit)
