"""The pricing steps, applied in the order of a setting. A percentage applies to what earlier steps left of a line."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby

from billing.domain.pricing.quotes import Ask, Item, Price
from common.money import percentage


def full_price(price: Price, request: Ask) -> Price:
    return price.adjust("full_price", ((item.key, "Regular price", item.facts.full) for item in request.items))


def reduction(price: Price, request: Ask) -> Price:
    parts = ((item.key, item.facts.less_why, -item.facts.less) for item in request.items)
    return price.adjust("reduction", parts)


def multi_class(price: Price, request: Ask) -> Price:
    # Each attendee gets the second-largest discount once, on the first line that offers this amount.

    def attendee(item: Item) -> str:
        return item.facts.attendee

    parts = []
    for _, group in groupby(sorted(request.items, key=attendee), key=attendee):
        items = sorted(group, key=lambda item: (-item.facts.multi, item.key))
        if len(items) > 1:
            amount = items[1].facts.multi
            discounted = next(item for item in items if item.facts.multi == amount)
            parts.append((discounted.key, "Multi-class discount", -amount))
    return price.adjust("multi_class", parts)


def prepay(price: Price, request: Ask) -> Price:
    early = (item for item in request.items if item.key not in request.lost)
    return price.adjust("prepay", ((item.key, "Early price", -item.facts.prepay) for item in early))


def replaced(price: Price, request: Ask) -> Price:
    # A line that replaces another gets the larger of its own and the earlier discounts, then what was paid before.
    replacing = {item.key: item.facts for item in request.items if item.facts.replaced}
    own_discounts = {key: facts.net_price - price.lines[key] for key, facts in replacing.items()}
    earlier_discounts = (
        (key, f"Discounts from {facts.replaced}", own_discounts[key] - max(own_discounts[key], facts.discounts))
        for key, facts in replacing.items()
    )
    price = price.adjust("replaced", earlier_discounts)
    return price.adjust(
        "carried", ((key, f"Paid for {facts.replaced}", -facts.carried) for key, facts in replacing.items())
    )


def percentage_code(price: Price, request: Ask) -> Price:
    discount = request.discount
    if discount is None or not discount.percent:
        return price
    amounts = {
        item.key: percentage(price.lines[item.key], discount.percent, request.currency) for item in request.items
    }
    fitting = filter(discount.fits, request.items)
    return price.adjust("percentage_code", ((item.key, discount.label, -amounts[item.key]) for item in fitting))


def amount_code(price: Price, request: Ask) -> Price:
    # The amount is deducted from the largest matching line first, and the remainder from the next.
    discount = request.discount
    if discount is None or not discount.amount:
        return price
    fitting = sorted(filter(discount.fits, request.items), key=lambda item: (-price.lines[item.key], item.key))
    parts = _spread(discount.amount, [item.key for item in fitting], price)
    return price.adjust("amount_code", ((key, discount.label, -part) for key, part in parts))


def passed_on(price: Price, request: Ask) -> Price:
    parts = ((item.key, "Refunded when exchanged", -item.facts.passed_on) for item in request.items)
    return price.adjust("passed_on", parts)


def called_off(price: Price, request: Ask) -> Price:
    # This step comes after the discounts, so that a cancellation does not change them.
    return price.adjust(
        "called_off", ((item.key, "Canceled by the school", -item.facts.called_off) for item in request.items)
    )


def credit(price: Price, request: Ask) -> Price:
    parts = _spread(request.credit, sorted(price.lines.keys() - price.firm), price)
    return price.adjust("credit", ((key, "Credit", -part) for key, part in parts))


def _spread(amount: Decimal, keys: Iterable[int], price: Price) -> Iterator[tuple[int, Decimal]]:
    for key in keys:
        part = min(amount, price.lines[key])
        amount -= part
        yield key, part
