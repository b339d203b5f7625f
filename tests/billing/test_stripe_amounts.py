from decimal import Decimal

from django.test import SimpleTestCase, tag
from hypothesis import given
from hypothesis import strategies as st

from billing.errors import AmountUnsupported
from billing.gateways.stripe.amounts import (
    ROUND_THOUSANDTHS,
    UNITS,
    WHOLE_HUNDREDTHS,
    from_stripe_units,
    to_stripe_units,
)

HUNDREDTHS = ("EUR", "HUF", "TWD", "USD")
CURRENCIES = [*UNITS, *WHOLE_HUNDREDTHS, *ROUND_THOUSANDTHS, *HUNDREDTHS]
DIGITS = dict.fromkeys([*UNITS, *WHOLE_HUNDREDTHS], 0) | dict.fromkeys([*ROUND_THOUSANDTHS, *HUNDREDTHS], 2)
"""Decimals of a payable amount. In currencies with three decimals, the last one must be 0."""


@tag("once")
class StripeAmountsTest(SimpleTestCase):
    def test_amounts_are_written_in_stripe_units(self) -> None:
        for amount, currency, units in (
            ("10", "USD", 1000),
            ("0.29", "EUR", 29),
            ("500", "JPY", 500),
            ("500", "UGX", 50000),
            ("1200.000", "ISK", 120000),
            ("1.5", "KWD", 1500),
            ("12.340", "TND", 12340),
            ("900.50", "HUF", 90050),
            ("90", "TWD", 9000),
            ("0", "USD", 0),
        ):
            with self.subTest(amount=amount, currency=currency):
                self.assertEqual(to_stripe_units(Decimal(amount), currency), units)

    def test_unsupported_amount_is_refused_and_not_rounded(self) -> None:
        for amount, currency in (
            ("10.005", "USD"),
            ("500.5", "JPY"),
            ("500.5", "ISK"),
            ("0.01", "UGX"),
            ("1.505", "KWD"),
            ("-1", "USD"),
            ("NaN", "USD"),
            ("Infinity", "JPY"),
            ("1", "LYD"),
        ):
            with self.subTest(amount=amount, currency=currency), self.assertRaises(AmountUnsupported):
                to_stripe_units(Decimal(amount), currency)

    def test_fee_with_more_digits_than_payable_amounts_is_read_exactly(self) -> None:
        self.assertEqual(from_stripe_units(1234, "ISK"), Decimal("12.34"))
        self.assertEqual(from_stripe_units(-1505, "KWD"), Decimal("-1.505"))

    @given(st.sampled_from(CURRENCIES), st.integers(0, 99_999_999))
    def test_payable_amount_is_read_back_unchanged(self, currency: str, steps: int) -> None:
        amount = Decimal(steps).scaleb(-DIGITS[currency])
        self.assertEqual(from_stripe_units(to_stripe_units(amount, currency), currency), amount)

    @given(st.sampled_from(CURRENCIES), st.decimals(0, 1_000_000, places=4))
    def test_amount_is_written_exactly_or_refused(self, currency: str, amount: Decimal) -> None:
        try:
            units = to_stripe_units(amount, currency)
        except AmountUnsupported:
            self.assertNotEqual(amount, round(amount, DIGITS[currency]))
        else:
            self.assertEqual(from_stripe_units(units, currency), amount)
