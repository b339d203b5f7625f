"""What class days are worth. Pure functions."""

from decimal import Decimal

from common.money import round_amount

ZERO = Decimal(0)


def value_of_next_days(base: Decimal, of: int, given: int, more: int, currency: str) -> Decimal:
    """The value of the next `more` of `of` class days after `given` were compensated already.

    Every day is worth the same amount, rounded half up, and never more than is left. The last day gets the remainder,
    so that all days together are worth `base`.
    """
    before = value_of_days(base, of, given, currency)
    return value_of_days(base, of, min(given + more, of), currency) - before


def value_of_days(base: Decimal, of: int, days: int, currency: str) -> Decimal:
    """The value of the first `days` class days together."""
    if days <= 0 or of <= 0:
        return ZERO
    return base if days >= of else min(round_amount(base / of, currency) * days, base)
