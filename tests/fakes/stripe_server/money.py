"""Which amounts Stripe takes, written down apart from the site's own table, so that each judges the other."""

from decimal import Decimal

from tests.fakes.stripe_server.wire import StripeError

NO_CENTS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()
MILLS = "bhd jod kwd omr tnd".split()
OTHERS = (
    "aed aud brl cad chf czk dkk eur gbp hkd huf inr isk mxn myr nok nzd pln ron sek sgd thb twd ugx usd zar".split()
)
LEAST = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50, "chf": 50, "dkk": 250, "huf": 17500, "nok": 300, "sek": 300}
MOST = 99_999_999


def check(units: int, currency: str, param: str) -> None:
    if currency not in (*NO_CENTS, *MILLS, *OTHERS):
        raise StripeError(f"Invalid currency: {currency}.", param=param)
    if units < LEAST.get(currency, 1):
        raise StripeError("The total is below what can be charged.", code="amount_too_small", param=param)
    if units > MOST:
        raise StripeError("The total is more than can be charged.", code="amount_too_large", param=param)
    check_steps(units, currency, param)


def check_steps(units: int, currency: str, param: str) -> None:
    if (currency in ("isk", "ugx") and units % 100) or (currency in MILLS and units % 10):
        raise StripeError(f"Invalid integer: {units} is no amount of {currency}.", param=param)


def fee(units: int) -> int:
    """2.9 % and thirty, whatever the currency."""
    return units * 29 // 1000 + 30


def show(units: int, currency: str) -> str:
    places = 0 if currency in NO_CENTS else 3 if currency in MILLS else 2
    return f"{Decimal(units).scaleb(-places):,} {currency.upper()}"
