"""Amounts in PayPal's format: text with exactly the number of decimals that PayPal expects for the currency."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from billing.errors import AmountUnsupported
from common.errors import PermanentFailure

WITHOUT_DECIMALS = frozenset(("HUF", "JPY", "TWD"))
WITH_TWO_DECIMALS = frozenset(
    (
        "AUD",
        "BRL",
        "CAD",
        "CHF",
        "CNY",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "ILS",
        "MXN",
        "MYR",
        "NOK",
        "NZD",
        "PHP",
        "PLN",
        "SEK",
        "SGD",
        "THB",
        "USD",
    )
)
MOST = 10**15
WRITTEN = re.compile(r"-?(\d+(\.\d+)?|\.\d+)", re.ASCII)


def supports_currency(currency: str) -> bool:
    return currency in WITHOUT_DECIMALS or currency in WITH_TWO_DECIMALS


def to_paypal_amount(amount: Decimal, currency: str) -> dict[str, str]:
    """Format an amount. An amount with too many digits is refused, not rounded: the payer pays exactly the quote."""
    if not supports_currency(currency):
        raise AmountUnsupported(f"PayPal does not take {currency}.")
    places = 0 if currency in WITHOUT_DECIMALS else 2
    if amount.is_finite() and 0 < amount < MOST and (written := amount.quantize(Decimal(1).scaleb(-places))) == amount:
        return {"currency_code": currency, "value": f"{written:f}"}
    accepted = "amounts with two decimals" if places else "whole amounts"
    raise AmountUnsupported(f"PayPal takes {accepted} of {currency} above zero, not {amount}.")


def parse_paypal_amount(field: Mapping[str, Any]) -> tuple[Decimal, str]:
    value, currency = field.get("value"), field.get("currency_code")
    if not isinstance(value, str) or not WRITTEN.fullmatch(value) or not isinstance(currency, str):
        raise PermanentFailure("PayPal sent an amount that cannot be read.")
    return Decimal(value), currency
