"""Exact amounts of money. Halves are rounded up to the smallest unit of the currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import total_ordering

from common.formats import currency_digits, format_money

ZERO = Decimal(0)


class OtherCurrency(ValueError):
    """Amounts in two currencies cannot be added or compared."""


def round_amount(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-currency_digits(currency)), ROUND_HALF_UP)


def is_payable_amount(amount: Decimal, currency: str) -> bool:
    return amount.is_finite() and round_amount(amount, currency) == amount


def percent_of(amount: Decimal, percent: Decimal, currency: str) -> Decimal:
    return round_amount(amount * percent / 100, currency)


@total_ordering
@dataclass(frozen=True)
class Money:
    amount: Decimal
    currency: str

    @classmethod
    def zero(cls, currency: str) -> "Money":
        return cls(ZERO, currency)

    @classmethod
    def sum(cls, parts: "Iterable[Money]", currency: str) -> "Money":
        total = cls.zero(currency)
        for part in parts:
            total += part
        return total

    def rounded(self) -> "Money":
        return Money(round_amount(self.amount, self.currency), self.currency)

    def _same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise OtherCurrency(f"An amount in {other.currency} cannot be combined with one in {self.currency}.")
        return other.amount

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: int | Decimal) -> "Money":
        return Money(self.amount * factor, self.currency).rounded()

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return format_money(self.amount, self.currency)
