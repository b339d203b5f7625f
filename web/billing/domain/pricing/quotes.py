"""The price of an order as a pure function of its lines, the people on them, a code, credit and the time.

The steps are named in PRICING_STEPS: each is given the price so far and the question, and answers with the price after
it. `Price.adjust` rounds, and takes no more off than is left, so the laws hold for a school's own steps too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.kinds import ZERO, Facts
from common.money import rounded
from common.pipeline import Pipeline


@dataclass(frozen=True)
class Item:
    """A line as the price sees it; `key` grows in the order in which lines were added."""

    key: int
    kind: str
    product_id: int
    facts: Facts


@dataclass(frozen=True)
class Discount:
    """What a code gives, as it was when the order was placed."""

    label: str
    percent: Decimal = ZERO
    amount: Decimal = ZERO
    kind: str = ""
    product_id: int | None = None
    student_id: int | None = None

    def fits(self, item: Item) -> bool:
        return (
            (not self.kind or item.kind == self.kind)
            and (self.product_id is None or item.product_id == self.product_id)
            and (self.student_id is None or item.facts.student_id == self.student_id)
            and not item.facts.is_money
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
class Ask:
    items: tuple[Item, ...]
    currency: str
    discount: Discount | None = None
    credit: Decimal = ZERO
    lost: frozenset[int] = frozenset()
    """Keys of the lines whose pre-pay discount is lost."""


@dataclass(frozen=True)
class Adjustment:
    step: str
    key: int
    label: str
    amount: Decimal


@dataclass(frozen=True)
class Price:
    """What each line costs so far, and the named steps that made it so."""

    currency: str
    lines: Mapping[int, Decimal]
    adjustments: tuple[Adjustment, ...] = ()
    firm: frozenset[int] = frozenset()
    """Lines from which nothing is ever taken off: what they buy is money again."""

    @property
    def total(self) -> Decimal:
        return sum(self.lines.values(), ZERO)

    @property
    def credit(self) -> Decimal:
        return -self.by_step("credit")

    def by_step(self, step: str) -> Decimal:
        return sum((part.amount for part in self.adjustments if part.step == step), ZERO)

    def adjust(self, step: str, parts: Iterable[tuple[int, str, Decimal]]) -> "Price":
        """Add to lines or take off; rounded half-up line by line, and never more off than is left."""
        left, done = dict(self.lines), list(self.adjustments)
        for key, label, amount in parts:
            exact = max(rounded(amount, self.currency), -left[key])
            if exact and not (exact < 0 and key in self.firm):
                left[key] += exact
                done.append(Adjustment(step, key, label, exact))
        return replace(self, lines=left, adjustments=tuple(done))


@dataclass(frozen=True)
class Quote:
    """Both totals, with the same code and the same credit: paid in advance, and paid at the door."""

    now: Price
    door: Price


def price(ask: Ask) -> Price:
    firm = frozenset(item.key for item in ask.items if item.facts.is_money)
    nothing = Price(ask.currency, dict.fromkeys(sorted(item.key for item in ask.items), ZERO), firm=firm)
    return Pipeline("PRICING_STEPS").run(nothing, ask).value


def quote(ask: Ask) -> Quote:
    """`ask.lost` names the lines that are too late for pre-pay already."""
    now = price(ask)
    everything = frozenset(item.key for item in ask.items)
    return Quote(now, price(replace(ask, lost=everything, credit=now.credit)))


def lost_by(items: Iterable[Item], at: datetime) -> frozenset[int]:
    """Paid exactly when the first meeting starts is still paid in advance."""
    return frozenset(item.key for item in items if item.facts.starts is not None and item.facts.starts < at)
