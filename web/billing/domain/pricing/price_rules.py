"""The steps of the price. Each percentage is of what is left of a line; the order of the steps is a setting."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby

from billing.domain.pricing.quotes import Ask, Item, Price
from common.money import percentage


def full_price(price: Price, ask: Ask) -> Price:
    return price.adjust("full_price", ((item.key, "Regular price", item.facts.full) for item in ask.items))


def reduction(price: Price, ask: Ask) -> Price:
    parts = ((item.key, item.facts.less_why, -item.facts.less) for item in ask.items)
    return price.adjust("reduction", parts)


def multi_class(price: Price, ask: Ask) -> Price:
    """Once per attendee: the second-largest amount that the lines offer, on the first line that offers just that."""

    def attendee(item: Item) -> str:
        return item.facts.attendee

    groups = (list(group) for _, group in groupby(sorted(ask.items, key=attendee), key=attendee))
    return price.adjust("multi_class", (part for group in groups for part in _second_largest(group)))


def _second_largest(items: list[Item]) -> Iterator[tuple[int, str, Decimal]]:
    offers = sorted(items, key=lambda item: (-item.facts.multi, item.key))
    if len(offers) > 1:
        amount = offers[1].facts.multi
        chosen = next(item for item in offers if item.facts.multi == amount)
        yield chosen.key, "Multi-class discount", -amount


def prepay(price: Price, ask: Ask) -> Price:
    early = (item for item in ask.items if item.key not in ask.lost)
    return price.adjust("prepay", ((item.key, "Early price", -item.facts.prepay) for item in early))


def replaced(price: Price, ask: Ask) -> Price:
    """Where a line takes the place of an earlier one: its discounts, then what was paid for it. Codes are for the rest.

    Discounts are as large as they were, or as the line has in its own right; they do not add up.
    """
    facts = {item.key: item.facts for item in ask.items if item.facts.replaced}
    own = {key: each.net_price - price.lines[key] for key, each in facts.items()}
    kept = (
        (key, f"Discounts from {each.replaced}", own[key] - max(own[key], each.discounts))
        for key, each in facts.items()
    )
    price = price.adjust("replaced", kept)
    return price.adjust("carried", ((key, f"Paid for {each.replaced}", -each.carried) for key, each in facts.items()))


def percentage_code(price: Price, ask: Ask) -> Price:
    discount = ask.discount
    if discount is None or not discount.percent:
        return price
    off = {item.key: percentage(price.lines[item.key], discount.percent, ask.currency) for item in ask.items}
    fitting = filter(discount.fits, ask.items)
    return price.adjust("percentage_code", ((item.key, discount.label, -off[item.key]) for item in fitting))


def amount_code(price: Price, ask: Ask) -> Price:
    """Once an order: the largest line it fits first, what is over on the next."""
    discount = ask.discount
    if discount is None or not discount.amount:
        return price
    fitting = sorted(filter(discount.fits, ask.items), key=lambda item: (-price.lines[item.key], item.key))
    parts = _spread(discount.amount, [item.key for item in fitting], price)
    return price.adjust("amount_code", ((key, discount.label, -part) for key, part in parts))


def passed_on(price: Price, ask: Ask) -> Price:
    less = ((item.key, "Refunded when exchanged", -item.facts.passed_on) for item in ask.items)
    return price.adjust("passed_on", less)


def called_off(price: Price, ask: Ask) -> Price:
    """What the school cancelled of a line; after the discounts, so that none is changed by it."""
    return price.adjust(
        "called_off", ((item.key, "Canceled by the school", -item.facts.called_off) for item in ask.items)
    )


def credit(price: Price, ask: Ask) -> Price:
    parts = _spread(ask.credit, sorted(price.lines.keys() - price.firm), price)
    return price.adjust("credit", ((key, "Credit", -part) for key, part in parts))


def _spread(amount: Decimal, keys: Iterable[int], price: Price) -> Iterator[tuple[int, Decimal]]:
    for key in keys:
        part = min(amount, price.lines[key])
        amount -= part
        yield key, part
