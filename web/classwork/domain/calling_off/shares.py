"""What one class day is worth. Pure."""

from decimal import Decimal

from common.money import rounded

ZERO = Decimal(0)


def shares(base: Decimal, of: int, given: int, more: int, currency: str) -> Decimal:
    """What `more` of `of` class days are worth when `given` of them were given back before. Each is the same part,
    rounded half-up and never more than is left; the last takes what remains, so that all together are `base`."""
    before = worth(base, of, given, currency)
    return worth(base, of, min(given + more, of), currency) - before


def worth(base: Decimal, of: int, days: int, currency: str) -> Decimal:
    """Of the first so many class days together."""
    if days <= 0 or of <= 0:
        return ZERO
    return base if days >= of else min(rounded(base / of, currency) * days, base)
