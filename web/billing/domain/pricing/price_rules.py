"""The pricing steps, applied in the order of a setting. A percentage applies to what earlier steps left of a line."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby

from billing.domain.pricing.quotes import Price, PriceLine, PriceRequest
from common.money import percent_of


def apply_list_price(price: Price, request: PriceRequest) -> Price:
    return price.adjust(
        "full_price", ((item.key, "Regular price", item.price_facts.list_price) for item in request.lines)
    )


def apply_reduction(price: Price, request: PriceRequest) -> Price:
    parts = ((item.key, item.price_facts.reduction_reason, -item.price_facts.reduction) for item in request.lines)
    return price.adjust("reduction", parts)


def apply_multi_class_discount(price: Price, request: PriceRequest) -> Price:
    # Each attendee gets the second-largest discount once, on the first line that offers this amount.

    def attendee(item: PriceLine) -> str:
        return item.price_facts.attendee

    parts = []
    for _, group in groupby(sorted(request.lines, key=attendee), key=attendee):
        items = sorted(group, key=lambda item: (-item.price_facts.multi_class_discount, item.key))
        if len(items) > 1:
            amount = items[1].price_facts.multi_class_discount
            discounted = next(item for item in items if item.price_facts.multi_class_discount == amount)
            parts.append((discounted.key, "Multi-class discount", -amount))
    return price.adjust("multi_class", parts)


def apply_early_price(price: Price, request: PriceRequest) -> Price:
    early = (item for item in request.lines if item.key not in request.lost)
    return price.adjust("early_price", ((item.key, "Early price", -item.price_facts.early_discount) for item in early))


def apply_exchange_credit(price: Price, request: PriceRequest) -> Price:
    # A line that replaces another gets the larger of its own and the earlier discounts, then what was paid before.
    replacing = {item.key: item.price_facts for item in request.lines if item.price_facts.exchanged_title}
    own_discounts = {key: facts.net_price - price.lines[key] for key, facts in replacing.items()}
    earlier_discounts = (
        (
            key,
            f"Discounts from {facts.exchanged_title}",
            own_discounts[key] - max(own_discounts[key], facts.exchanged_discounts),
        )
        for key, facts in replacing.items()
    )
    price = price.adjust("exchanged_discounts", earlier_discounts)
    return price.adjust(
        "exchange_credit",
        ((key, f"Paid for {facts.exchanged_title}", -facts.exchange_credit) for key, facts in replacing.items()),
    )


def apply_percentage_code(price: Price, request: PriceRequest) -> Price:
    discount = request.discount
    if discount is None or not discount.percent:
        return price
    amounts = {
        item.key: percent_of(price.lines[item.key], discount.percent, request.currency) for item in request.lines
    }
    fitting = filter(discount.fits, request.lines)
    return price.adjust("percentage_code", ((item.key, discount.label, -amounts[item.key]) for item in fitting))


def apply_amount_code(price: Price, request: PriceRequest) -> Price:
    # The amount is deducted from the largest matching line first, and the remainder from the next.
    discount = request.discount
    if discount is None or not discount.amount:
        return price
    fitting = sorted(filter(discount.fits, request.lines), key=lambda item: (-price.lines[item.key], item.key))
    parts = _spread_over_lines(discount.amount, [item.key for item in fitting], price)
    return price.adjust("amount_code", ((key, discount.label, -part) for key, part in parts))


def apply_returned_on_exchange(price: Price, request: PriceRequest) -> Price:
    parts = ((item.key, "Refunded when exchanged", -item.price_facts.returned_on_exchange) for item in request.lines)
    return price.adjust("returned_on_exchange", parts)


def apply_school_cancellation(price: Price, request: PriceRequest) -> Price:
    # This step comes after the discounts, so that a cancellation does not change them.
    return price.adjust(
        "canceled_by_school",
        ((item.key, "Canceled by the school", -item.price_facts.canceled_by_school) for item in request.lines),
    )


def apply_account_credit(price: Price, request: PriceRequest) -> Price:
    parts = _spread_over_lines(request.credit, sorted(price.lines.keys() - price.firm), price)
    return price.adjust("credit", ((key, "Credit", -part) for key, part in parts))


def _spread_over_lines(amount: Decimal, keys: Iterable[int], price: Price) -> Iterator[tuple[int, Decimal]]:
    for key in keys:
        part = min(amount, price.lines[key])
        amount -= part
        yield key, part
