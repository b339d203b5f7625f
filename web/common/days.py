"""Days in forms and in tables. One that is too far away to count days and sessions around it is refused."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
FAR = "Please choose a day between 1900 and 2199."


def refuse_far_days(value: date) -> None:
    """A validator for days and for moments."""
    if not FIRST_DAY.year <= value.year <= LAST_DAY.year:
        raise ValidationError(FAR, code="far")


class DayField(forms.DateField):
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    default_validators = [refuse_far_days]


class MomentInput(forms.DateTimeInput):
    """Date and time in one field of the browser's own, which a screen reader can name."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class MomentField(forms.DateTimeField):
    widget = MomentInput
    default_validators = [refuse_far_days]


class DayColumn(models.DateField):  # type: ignore[type-arg]
    """A day that a form asks for with a DayField."""

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": DayField} | options)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """To migrations it is a plain day."""
        name, _, positional, named = super().deconstruct()
        return name, "django.db.models.DateField", positional, named
