from decimal import Decimal

from django.template import Context, Template
from django.test import SimpleTestCase, override_settings
from hypothesis import given
from hypothesis import strategies as st

from common.formats import currency_digits
from common.money import Money, OtherCurrency, is_payable_amount, percent_of, round_amount

CURRENCIES = st.sampled_from(["JPY", "USD", "EUR", "KWD"])
AMOUNTS = st.decimals(-1_000_000, 1_000_000, places=5)
PERCENTS = st.decimals(0, 100, places=2)


class MoneyTest(SimpleTestCase):
    def test_currencies_have_zero_two_or_three_decimal_places(self) -> None:
        self.assertEqual([currency_digits(code) for code in ("JPY", "USD", "KWD")], [0, 2, 3])

    def test_halves_are_rounded_up(self) -> None:
        self.assertEqual(round_amount(Decimal("0.005"), "USD"), Decimal("0.01"))
        self.assertEqual(round_amount(Decimal("2.5"), "JPY"), Decimal(3))
        self.assertEqual(percent_of(Decimal("0.0025"), Decimal(20), "KWD"), Decimal("0.001"))

    def test_money_converts_to_formatted_text(self) -> None:
        self.assertEqual(str(Money(Decimal("-500.4"), "JPY")), "−¥500")

    def test_two_currencies_cannot_be_added_subtracted_or_compared(self) -> None:
        dollar, euro = Money(Decimal(1), "USD"), Money(Decimal(1), "EUR")
        for operation in (lambda: dollar + euro, lambda: dollar - euro, lambda: dollar < euro):
            with self.assertRaises(OtherCurrency):
                operation()

    @override_settings(CURRENCY="EUR")
    def test_money_filter_uses_the_currency_of_the_school_by_default(self) -> None:
        page = Template("{{ a|money }} {{ a|money:'JPY' }}[{{ none|money }}]")
        self.assertEqual(page.render(Context({"a": Decimal(7), "none": None})), "€7.00 ¥7[]")

    @given(AMOUNTS, CURRENCIES)
    def test_rounding_returns_the_nearest_payable_amount(self, amount: Decimal, currency: str) -> None:
        rounded = round_amount(amount, currency)
        self.assertTrue(is_payable_amount(rounded, currency))
        self.assertLessEqual(abs(rounded - amount) * 2, Decimal(1).scaleb(-currency_digits(currency)))

    @given(st.lists(AMOUNTS), CURRENCIES)
    def test_a_sum_does_not_depend_on_order(self, amounts: list[Decimal], currency: str) -> None:
        parts = [Money(amount, currency) for amount in amounts]
        self.assertEqual(Money.sum(parts, currency), Money.sum(reversed(parts), currency))
        self.assertFalse(Money.sum(parts, currency) - Money.sum(parts, currency))

    @given(st.decimals(0, 1_000_000, places=3), PERCENTS, CURRENCIES)
    def test_a_percentage_is_never_more_than_the_whole(self, amount: Decimal, percent: Decimal, currency: str) -> None:
        whole = round_amount(amount, currency)
        self.assertLessEqual(percent_of(whole, percent, currency), whole)
        self.assertGreaterEqual(percent_of(whole, percent, currency), 0)
