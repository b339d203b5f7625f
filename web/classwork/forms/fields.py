from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from common.days import refuse_far_days
from users.models import Staff


class DatesField(forms.Field):
    """Dates between commas or on separate lines, such as 2026-11-26, 2026-12-24."""

    widget = forms.TextInput

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) or value is None:
            return value
        return ", ".join(day.isoformat() for day in sorted(value))

    def to_python(self, value: Any) -> list[date]:
        words = [word.strip() for word in (value or "").replace("\n", ",").split(",") if word.strip()]
        days = set()
        for word in words:
            try:
                day = parse_date(word)
            except ValueError:
                day = None
            if day is None:
                text = _("“%(word)s” isn’t a date. Write it like 2026-11-26.")
                raise ValidationError(text % {"word": word}, code="day")
            refuse_far_days(day)
            days.add(day)
        return sorted(days)

    def has_changed(self, initial: Iterable[date] | None, data: Any) -> bool:
        return self.prepare_value(initial or []) != (data or "")


class StaffField(forms.ModelMultipleChoiceField):
    """Staff members with an active account."""

    def __init__(self, **kwargs: Any) -> None:
        active = Staff.objects.filter(user__is_active=True).select_related("user")
        super().__init__(active, **{"required": False} | kwargs)
