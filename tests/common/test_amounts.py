from decimal import Decimal

from django.forms import modelform_factory
from django.test import SimpleTestCase, override_settings

from classwork.models import Subject
from common.amounts import AmountInput


class AmountInputTest(SimpleTestCase):
    def shown(self, amount: str) -> str:
        field = AmountInput(max_digits=14, decimal_places=3)
        return str(field.prepare_value(Decimal(amount)))

    def test_an_amount_has_the_decimals_of_the_currency(self) -> None:
        for currency, wanted in (("USD", "70.00"), ("JPY", "70"), ("KWD", "70.000")):
            with self.subTest(currency), override_settings(CURRENCY=currency):
                self.assertEqual(self.shown("70.000"), wanted)

    def test_what_the_currency_cannot_pay_out_is_not_rounded_away(self) -> None:
        self.assertEqual(self.shown("70.005"), "70.005")

    def test_what_was_typed_stays_as_it_was_typed(self) -> None:
        form = modelform_factory(Subject, fields=["full_price"])({"full_price": "seventy"})
        self.assertIn('value="seventy"', str(form["full_price"]))

    def test_a_price_in_a_form_of_its_table_is_one(self) -> None:
        form = modelform_factory(Subject, fields=["full_price"])(instance=Subject(full_price=Decimal("70.000")))
        self.assertIn('value="70.00"', str(form["full_price"]))
