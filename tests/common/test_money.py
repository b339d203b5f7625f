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
    def test_currencies_have_no_two_or_three_decimals(self) -> None:
        self.assertEqual([currency_digits(code) for code in ("JPY", "USD", "KWD")], [0, 2, 3])

    def test_halves_are_rounded_up(self) -> None:
        self.assertEqual(round_amount(Decimal("0.005"), "USD"), Decimal("0.01"))
        self.assertEqual(round_amount(Decimal("2.5"), "JPY"), Decimal(3))
        self.assertEqual(percent_of(Decimal("0.0025"), Decimal(20), "KWD"), Decimal("0.001"))

    def test_an_amount_says_itself_as_people_write_it(self) -> None:
        self.assertEqual(str(Money(Decimal("-500.4"), "JPY")), "−¥500")

    def test_two_currencies_are_never_added_or_compared(self) -> None:
        dollar, euro = Money(Decimal(1), "USD"), Money(Decimal(1), "EUR")
        for mix in (lambda: dollar + euro, lambda: dollar - euro, lambda: dollar < euro):
            with self.assertRaises(OtherCurrency):
                mix()

    @override_settings(CURRENCY="EUR")
    def test_the_template_filter_takes_the_schools_currency_when_none_is_named(self) -> None:
        page = Template("{{ a|money }} {{ a|money:'JPY' }}[{{ none|money }}]")
        self.assertEqual(page.render(Context({"a": Decimal(7), "none": None})), "€7.00 ¥7[]")

    @given(AMOUNTS, CURRENCIES)
    def test_a_rounded_amount_can_be_paid_out_and_is_the_nearest(self, amount: Decimal, currency: str) -> None:
        near = round_amount(amount, currency)
        self.assertTrue(is_payable_amount(near, currency))
        self.assertLessEqual(abs(near - amount) * 2, Decimal(1).scaleb(-currency_digits(currency)))

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
