"""PayPal amounts are written exactly, with the right number of decimals, or refused."""

from decimal import Decimal

from django.test import SimpleTestCase, tag
from hypothesis import given
from hypothesis import strategies as st

from billing.errors import AmountUnsupported
from billing.gateways.paypal import amounts
from common.errors import PermanentFailure
from tests.fakes.paypal_server import wire

CURRENCIES = sorted(amounts.WITHOUT_DECIMALS | amounts.WITH_TWO_DECIMALS)
ANY = st.one_of(st.decimals(-(10**6), 10**9, places=3), st.decimals())
FITTING = st.tuples(st.sampled_from(CURRENCIES), st.integers(1, 10**11 - 1)).map(
    lambda drawn: (Decimal(drawn[1]).scaleb(0 if drawn[0] in amounts.WITHOUT_DECIMALS else -2), drawn[0])
)


@tag("once")
class PayPalAmountsTest(SimpleTestCase):
    @given(FITTING)
    def test_written_amount_is_read_back_unchanged(self, drawn: tuple[Decimal, str]) -> None:
        self.assertEqual(amounts.parse_paypal_amount(amounts.to_paypal_amount(*drawn)), drawn)

    @given(FITTING)
    def test_paypal_accepts_every_written_amount(self, drawn: tuple[Decimal, str]) -> None:
        self.assertEqual(wire.amount_of(amounts.to_paypal_amount(*drawn)), drawn[0])

    @given(ANY, st.sampled_from(CURRENCIES))
    def test_amount_is_written_exactly_or_refused(self, amount: Decimal, currency: str) -> None:
        try:
            written = amounts.to_paypal_amount(amount, currency)
        except AmountUnsupported:
            places = 0 if currency in amounts.WITHOUT_DECIMALS else 2
            fits = amount.is_finite() and 0 < amount < amounts.MOST and amount.scaleb(places) % 1 == 0
            self.assertFalse(fits)
        else:
            self.assertEqual(Decimal(written["value"]), amount)

    def test_example_amounts_are_written_as_paypal_expects(self) -> None:
        for amount, currency, wanted in (
            ("500", "JPY", "500"),
            ("500.000", "TWD", "500"),
            ("1E+3", "HUF", "1000"),
            ("10", "USD", "10.00"),
            ("0.29", "EUR", "0.29"),
            ("10.500", "USD", "10.50"),
        ):
            self.assertEqual(amounts.to_paypal_amount(Decimal(amount), currency)["value"], wanted)

    def test_unsupported_amount_is_refused_with_message(self) -> None:
        for amount, currency, words in (
            ("1.500", "KWD", "does not take KWD"),
            ("5000", "KRW", "does not take KRW"),
            ("10.50", "HUF", "whole amounts of HUF"),
            ("1.005", "USD", "two decimals"),
            ("0", "USD", "above zero"),
            ("-1", "USD", "above zero"),
        ):
            with self.subTest(currency), self.assertRaisesRegex(AmountUnsupported, words):
                amounts.to_paypal_amount(Decimal(amount), currency)

    @given(st.one_of(st.text(max_size=8), st.integers(), st.none(), st.floats()))
    def test_invalid_value_is_never_read_as_money(self, value: object) -> None:
        try:
            read, _ = amounts.parse_paypal_amount({"value": value, "currency_code": "USD"})
        except PermanentFailure:
            return
        self.assertTrue(isinstance(value, str) and read.is_finite())
