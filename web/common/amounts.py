"""Form fields and model fields for amounts of money."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.db import models

from common.money import is_payable_amount, round_amount


class AmountInput(forms.DecimalField):
    """It shows as many decimals as the school's currency has: 70.00, not 70.000."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Decimal) and is_payable_amount(value, settings.CURRENCY):
            return round_amount(value, settings.CURRENCY)
        return value


class AmountField(models.DecimalField):  # type: ignore[type-arg]
    """It is wide enough for every currency: eleven digits before the point and three after it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_digits": 14, "decimal_places": 3} | options)

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": AmountInput} | options)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        # Migrations see a plain decimal field.
        name, _, positional, named = super().deconstruct()
        return name, "django.db.models.DecimalField", positional, named
