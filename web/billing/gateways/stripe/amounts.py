"""Amounts in Stripe's format: whole numbers of a unit that depends on the currency."""

from decimal import Decimal

from billing.errors import AmountUnsupported

UNITS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
WHOLE_HUNDREDTHS = frozenset(("ISK", "UGX"))
"""These currencies have no decimals, but Stripe expects two zeros at the end."""
NOT_TAKEN = frozenset(("IQD", "LYD"))
"""These currencies have three decimals, and Stripe does not document how it represents them."""
ROUND_THOUSANDTHS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
"""These currencies have three decimals, and the last one must be 0."""


def supports_currency(currency: str) -> bool:
    return currency not in NOT_TAKEN


def unit_scale(currency: str) -> tuple[int, int]:
    """Return how many of Stripe's units make one unit of the currency, and the step by which they may change."""
    if currency in UNITS:
        return 1, 1
    if currency in WHOLE_HUNDREDTHS:
        return 100, 100
    if currency in ROUND_THOUSANDTHS:
        return 1000, 10
    if not supports_currency(currency):
        raise AmountUnsupported(f"Stripe does not support {currency}.")
    return 100, 1


def to_stripe_units(amount: Decimal, currency: str) -> int:
    factor, increment = unit_scale(currency)
    if not amount.is_finite() or amount < 0:
        raise AmountUnsupported(f"{amount} {currency} is not a payable amount.")
    units = amount * factor
    if units % increment:
        raise AmountUnsupported(f"{amount} {currency} has more digits than Stripe takes.")
    return int(units)


def from_stripe_units(units: int, currency: str) -> Decimal:
    # A fee may lie between the steps that are allowed for payments.
    factor, _ = unit_scale(currency)
    return Decimal(units) / factor
