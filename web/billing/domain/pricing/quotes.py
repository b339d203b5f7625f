"""The price of an order as a pure function of its lines, the people on them, a code, credit and the time.

The rules are listed in the setting PRICE_RULES. Each is a function of the price so far and the request, and returns a
price. `Price.adjust` rounds and never deducts more than a line costs, which is also true for a school's own rules.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cache, reduce
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from billing.models import OrderLine
from billing.rules.price_facts import PriceFacts
from common.money import ZERO, round_amount

NOW, DOOR = "now", "door"
"""The early price and the regular price of an order."""


@dataclass(frozen=True)
class PriceLine:
    """`key` increases in the order in which the lines were added."""

    key: int
    kind: str
    product_id: int
    price_facts: PriceFacts


@dataclass(frozen=True)
class Discount:
    """The terms of a code at the time when the order was placed."""

    label: str
    percent: Decimal = ZERO
    amount: Decimal = ZERO
    kind: str = ""
    product_id: int | None = None
    student_id: int | None = None
    for_parts: bool = False

    def fits(self, item: PriceLine) -> bool:
        return (
            (not self.kind or (item.kind == self.kind and item.price_facts.is_part == self.for_parts))
            and (self.product_id is None or item.product_id == self.product_id)
            and (self.student_id is None or item.price_facts.student_id == self.student_id)
            and not item.price_facts.is_money
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"percent": str(self.percent), "amount": str(self.amount)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> "Discount | None":
        if not stored:
            return None
        amounts = {"percent": Decimal(stored["percent"]), "amount": Decimal(stored["amount"])}
        return cls(**{**stored, **amounts})


@dataclass(frozen=True)
class PriceRequest:
    lines: tuple[PriceLine, ...]
    currency: str
    discount: Discount | None = None
    credit: Decimal = ZERO
    lost: frozenset[int] = frozenset()
    """These lines, by their key, no longer have an early price."""
    ordered_at: datetime = field(default_factory=timezone.now)
    """Orders are priced again later, so a rule that begins or ends on a day compares it with this time."""


@dataclass(frozen=True)
class PriceStep:
    step: str
    key: int
    label: str
    amount: Decimal

    def as_json(self) -> list[str]:
        return [self.step, self.label, str(self.amount)]

    @classmethod
    def from_json(cls, stored: Sequence[str], key: int) -> "PriceStep":
        step, label, amount = stored
        return cls(step, key, label, Decimal(amount))


@dataclass(frozen=True)
class Price:
    currency: str
    lines: Mapping[int, Decimal]
    adjustments: tuple[PriceStep, ...] = ()
    firm: frozenset[int] = frozenset()
    """Nothing is ever deducted from these lines, because they buy stored value."""

    @property
    def total(self) -> Decimal:
        return sum(self.lines.values(), ZERO)

    @property
    def credit(self) -> Decimal:
        return -self.by_step("credit")

    def by_step(self, step: str) -> Decimal:
        return sum((part.amount for part in self.adjustments if part.step == step), ZERO)

    def adjust(self, step: str, parts: Iterable[tuple[int, str, Decimal]]) -> "Price":
        # Amounts are rounded half up, line by line. A line never costs less than zero.
        totals, steps = dict(self.lines), list(self.adjustments)
        for key, label, amount in parts:
            change = max(round_amount(amount, self.currency), -totals[key])
            if change and not (change < 0 and key in self.firm):
                totals[key] += change
                steps.append(PriceStep(step, key, label, change))
        return replace(self, lines=totals, adjustments=tuple(steps))


@dataclass(frozen=True)
class Quote:
    """`now` is the early price and `door` the regular price, with the same code and the same credit."""

    now: Price
    door: Price

    def steps_as_json(self, key: int) -> dict[str, list[list[str]]]:
        """Return how the totals of a line were calculated, to be stored with it."""
        totals = {NOW: self.now, DOOR: self.door}
        return {
            name: [part.as_json() for part in price.adjustments if part.key == key] for name, price in totals.items()
        }


def stored_steps(line: OrderLine, total: str) -> list[PriceStep]:
    return [PriceStep.from_json(stored, line.pk) for stored in (line.price_steps or {}).get(total, [])]


def compute_price(request: PriceRequest) -> Price:
    firm = frozenset(item.key for item in request.lines if item.price_facts.is_money)
    start = Price(request.currency, dict.fromkeys(sorted(item.key for item in request.lines), ZERO), firm=firm)
    return reduce(lambda price, rule: rule(price, request), load_rules(tuple(settings.PRICE_RULES)), start)


@cache
def load_rules(paths: tuple[str, ...]) -> tuple[Callable[[Price, PriceRequest], Price], ...]:
    return tuple(map(import_string, paths))


def quote_both_totals(request: PriceRequest) -> Quote:
    now = compute_price(request)
    all_keys = frozenset(item.key for item in request.lines)
    return Quote(now, compute_price(replace(request, lost=all_keys, credit=now.credit)))


def lines_past_early_price(items: Iterable[PriceLine], at: datetime) -> frozenset[int]:
    # A payment at the very moment when the class starts still gets the early price.
    return frozenset(
        item.key
        for item in items
        if item.price_facts.first_meeting_at is not None and item.price_facts.first_meeting_at < at
    )
