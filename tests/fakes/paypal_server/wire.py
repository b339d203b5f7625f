"""The formats of PayPal: identifiers, amounts, errors."""

import secrets
import string
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

WITHOUT_DECIMALS = ("HUF", "JPY", "TWD")
CURRENCIES = "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD USD".split()

Wire = dict[str, Any]


class PayPalError(Exception):
    """An error answer of PayPal, with its status, name and issue."""

    def __init__(self, status: int, name: str, issue: str = "", links: list[Wire] | None = None) -> None:
        super().__init__(issue or name)
        self.status, self.name, self.issue, self.links = status, name, issue, links or []


def unprocessable(issue: str, links: list[Wire] | None = None) -> PayPalError:
    return PayPalError(422, "UNPROCESSABLE_ENTITY", issue, links)


def unknown() -> PayPalError:
    return PayPalError(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")


def new_id() -> str:
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(17))


def amount_of(money: Wire) -> Decimal:
    value = Decimal(money["value"])
    if money["currency_code"] not in CURRENCIES:
        raise unprocessable("INVALID_CURRENCY_CODE")
    places = 0 if money["currency_code"] in WITHOUT_DECIMALS else 2
    if -int(value.as_tuple().exponent) > places:
        raise unprocessable("DECIMAL_PRECISION")
    if value <= 0:
        raise unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE")
    return value


def check_lengths(part: Wire, *names: str) -> None:
    """PayPal limits the bytes, so that characters beyond ASCII count as several."""
    if any(len(part.get(name, "").encode()) > 127 for name in names):
        raise PayPalError(400, "INVALID_REQUEST", "INVALID_STRING_LENGTH")


def money(value: Decimal, currency: str) -> Wire:
    places = Decimal(1) if currency in WITHOUT_DECIMALS else Decimal("0.01")
    return {"currency_code": currency, "value": str(value.quantize(places, ROUND_HALF_UP))}
