"""Stripe counts in whole numbers. Of what, and which of them it takes, depends on the currency."""

from decimal import Decimal

from common.errors import Permanent

UNITS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
WHOLE_HUNDREDTHS = frozenset(("ISK", "UGX"))
"""Without decimals, yet written with two zeros."""
NOT_TAKEN = frozenset(("IQD", "LYD"))
"""Three decimals, for which they have no rule."""
ROUND_THOUSANDTHS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
"""Three decimals, of which the last must be 0."""


class Unpayable(Permanent):
    """An amount that Stripe cannot take as it is. It is refused, never rounded."""


def takes(currency: str) -> bool:
    return currency not in NOT_TAKEN


def scale(currency: str) -> tuple[int, int]:
    """How many of Stripe's units make one of the currency, and by which step they go."""
    if currency in UNITS:
        return 1, 1
    if currency in WHOLE_HUNDREDTHS:
        return 100, 100
    if currency in ROUND_THOUSANDTHS:
        return 1000, 10
    if not takes(currency):
        raise Unpayable(f"Stripe takes no {currency}.")
    return 100, 1


def to_stripe(amount: Decimal, currency: str) -> int:
    factor, step = scale(currency)
    if not amount.is_finite() or amount < 0:
        raise Unpayable(f"{amount} {currency} is not a payable amount.")
    units = amount * factor
    if units % step:
        raise Unpayable(f"{amount} {currency} has more digits than Stripe takes.")
    return int(units)


def from_stripe(units: int, currency: str) -> Decimal:
    """What they say is read as it is, also a fee between the steps."""
    factor, _ = scale(currency)
    return Decimal(units) / factor
