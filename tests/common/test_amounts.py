from decimal import Decimal

from django.forms import modelform_factory
from django.test import SimpleTestCase, override_settings

from classwork.models import Subject
from common.amounts import AmountInput


class AmountInputTest(SimpleTestCase):
    def displayed_value(self, amount: str) -> str:
        field = AmountInput(max_digits=14, decimal_places=3)
        return str(field.prepare_value(Decimal(amount)))

    def test_amount_is_shown_with_the_decimal_places_of_the_currency(self) -> None:
        for currency, expected in (("USD", "70.00"), ("JPY", "70"), ("KWD", "70.000")):
            with self.subTest(currency), override_settings(CURRENCY=currency):
                self.assertEqual(self.displayed_value("70.000"), expected)

    def test_amount_finer_than_the_currency_is_not_rounded(self) -> None:
        self.assertEqual(self.displayed_value("70.005"), "70.005")

    def test_invalid_input_is_shown_again_as_typed(self) -> None:
        form = modelform_factory(Subject, fields=["full_price"])({"full_price": "seventy"})
        self.assertIn('value="seventy"', str(form["full_price"]))

    def test_model_form_shows_a_price_with_the_decimal_places_of_the_currency(self) -> None:
        form = modelform_factory(Subject, fields=["full_price"])(instance=Subject(full_price=Decimal("70.000")))
        self.assertIn('value="70.00"', str(form["full_price"]))
