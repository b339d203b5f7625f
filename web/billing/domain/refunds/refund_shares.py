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
    """What the school wants to give back of a line: `off` of what it costs. `ends`: the line is over with it."""

    line: int
    off: Decimal
    ends: bool = False
    as_credit: bool = False
    """Money that was paid becomes credit, where the payer has an account."""
    behind: Decimal = ZERO
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
    """`ask` are the live lines by the facts of the purchase; `charged` what they cost in money, fees left out."""

    ask: quotes.PriceRequest
    is_paid: bool
    amount_charged: Decimal = ZERO
    kept: Mapping[int, Decimal] = field(default_factory=dict)
    """What the school keeps in money of lines that ended here."""
    credit_back: Decimal = ZERO
    credit_retained: Decimal = ZERO
    at_the_door: bool = False
    """Not paid yet, and to be paid at the door: what is due is the regular price, as the page of the order says."""

    @property
    def price(self) -> quotes.Price:
        return quotes.compute_price(self.ask)

    @property
    def due(self) -> Decimal:
        """What is to be paid in money where nothing is paid yet."""
        if not self.at_the_door:
            return self.price.total
        return quotes.compute_price(replace(self.ask, lost=frozenset(item.key for item in self.ask.lines))).total

    def costs(self) -> dict[int, Decimal]:
        """What each live line costs, whether it is paid with money or with credit."""
        return line_costs(self.price)

    def facts(self, line: int) -> PriceFacts | None:
        """None for a line that ended."""
        return next((item.price_facts for item in self.ask.lines if item.key == line), None)


def line_costs(price: quotes.Price) -> dict[int, Decimal]:
    found = dict(price.lines)
    for part in price.adjustments:
        if part.step == "credit":
            found[part.key] -= part.amount
    return found


def apply_refund_requests(sheet: PricedOrder, wishes: Iterable[RefundRequest]) -> tuple[PricedOrder, list[RefundShare]]:
    """One after the other; a line that is not there (any more) gives nothing."""
    backs = []
    for wish in wishes:
        sheet, back = _apply_refund_request(sheet, wish)
        backs.append(back)
    return sheet, backs


def _apply_refund_request(sheet: PricedOrder, wish: RefundRequest) -> tuple[PricedOrder, RefundShare]:
    before = line_costs(sheet.price)
    if wish.line not in before:
        return sheet, RefundShare(wish.line)
    cost = before[wish.line]
    off = max(min(round_amount(wish.off, sheet.ask.currency), cost), ZERO)
    if wish.ends:
        off = off if sheet.is_paid else cost  # nothing is owed for what was not paid and is over
        items = tuple(item for item in sheet.ask.lines if item.key != wish.line)
    else:
        items = _reduce_line_cost(sheet.ask.lines, wish.line, off, wish.behind)
    ask = _keep_other_costs(replace(sheet.ask, lines=items), before)
    return _account_for_reduction(sheet, ask, RefundShare(wish.line, cost, kept=cost - off if wish.ends else ZERO), off)


def _keep_other_costs(ask: quotes.PriceRequest, before: Mapping[int, Decimal]) -> quotes.PriceRequest:
    """The other lines do not become dearer."""
    for line, cost in line_costs(quotes.compute_price(ask)).items():
        if cost > before[line]:
            ask = replace(ask, lines=_reduce_line_cost(ask.lines, line, cost - before[line]))
    return ask


def _reduce_line_cost(
    items: Iterable[quotes.PriceLine], line: int, off: Decimal, behind: Decimal = ZERO
) -> tuple[quotes.PriceLine, ...]:
    return tuple(
        replace(item, price_facts=_reduced_facts(item.price_facts, off, behind)) if item.key == line else item
        for item in items
    )


def _reduced_facts(facts: PriceFacts, off: Decimal, behind: Decimal) -> PriceFacts:
    return replace(
        facts,
        canceled_by_school=facts.canceled_by_school + off + behind,
        exchange_credit=facts.exchange_credit - behind,
    )


def _account_for_reduction(
    sheet: PricedOrder, ask: quotes.PriceRequest, back: RefundShare, off: Decimal
) -> tuple[PricedOrder, RefundShare]:
    price = quotes.compute_price(ask)
    over = ask.credit - price.credit
    kept_credit = min(over, back.kept)
    credit = over - kept_credit
    rest = max(sheet.amount_charged - price.total, ZERO) if sheet.is_paid else ZERO
    kept = min(back.kept - kept_credit, rest)
    money = rest - kept
    after = replace(
        sheet,
        ask=replace(ask, credit=ask.credit - over),
        amount_charged=sheet.amount_charged - rest,
        kept={**sheet.kept, back.line: kept} if back.kept else sheet.kept,
        credit_back=sheet.credit_back + credit,
        credit_retained=sheet.credit_retained + kept_credit,
    )
    waived = ZERO if sheet.is_paid else max(sheet.due - after.due, ZERO)
    return after, replace(back, money=money, credit=credit, waived=waived, kept=kept + kept_credit)
