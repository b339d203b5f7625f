"""Form fields and model fields for days. They refuse days that are too far away to count days around them."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
FAR = _("Please choose a day between 1900 and 2199.")


def refuse_far_days(value: date) -> None:
    if not FIRST_DAY.year <= value.year <= LAST_DAY.year:
        raise ValidationError(FAR, code="far")


class DayField(forms.DateField):
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    default_validators = [refuse_far_days]


class MomentInput(forms.DateTimeInput):
    """This is the browser's own field for date and time, which screen readers can announce."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class MomentField(forms.DateTimeField):
    widget = MomentInput
    default_validators = [refuse_far_days]


class DayColumn(models.DateField):  # type: ignore[type-arg]
    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": DayField} | options)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        # Migrations see a plain date field.
        name, _, positional, named = super().deconstruct()
        return name, "django.db.models.DateField", positional, named
