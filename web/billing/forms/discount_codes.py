"""The admin form of a discount code, which offers the products on sale as its scope."""

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.domain.pricing import discount_codes
from billing.models import DiscountCode
from common import dates
from common.days import MomentField, refuse_far_days


class DayOrMomentInput(forms.SplitDateTimeWidget):
    """A date and a time. An empty time means the end of that day."""

    def __init__(self, day_label: str | Promise, time_label: str | Promise) -> None:
        day: dict[str, Any] = {"type": "date", "aria-label": day_label}
        clock: dict[str, Any] = {"type": "time", "aria-label": time_label}
        super().__init__(date_format="%Y-%m-%d", time_format="%H:%M", date_attrs=day, time_attrs=clock)

    def decompress(self, value: datetime | None) -> tuple[date | None, time | None]:
        day = dates.day_that_ends_at(value) if value else None
        return (day, None) if day else super().decompress(value)


class DayOrMomentField(forms.SplitDateTimeField):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.fields[0].validators.append(refuse_far_days)

    def compress(self, data_list: Any) -> datetime | None:
        day, clock = data_list or (None, None)
        return dates.end_of_day(day) if day and clock in self.empty_values else super().compress(data_list)


class DiscountCodeForm(forms.ModelForm):
    applies_to = forms.ChoiceField(
        label=_("Applies to"), required=False, help_text=_("Choose a whole kind or one product.")
    )

    valid_from = MomentField(label=_("Valid from"), required=False)
    valid_until = DayOrMomentField(
        label=_("Valid until"),
        required=False,
        widget=DayOrMomentInput(_("Valid until: date"), _("Valid until: time")),
        help_text=_("Leave the time empty if the code is valid through the end of that day."),
    )

    class Meta:
        model = DiscountCode
        fields = ["code", "label", "percent", "amount", "student", "limit", "valid_from", "valid_until"]
        labels = {
            "code": _("Code"),
            "label": _("Label"),
            "percent": _("Percent"),
            "amount": _("Amount"),
            "student": _("Student"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["applies_to"].choices = discount_codes.scope_choices(timezone.now(), self.instance)  # type: ignore[attr-defined]
        self.fields["applies_to"].initial = discount_codes.scope_value(self.instance)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        discount_codes.set_scope(self.instance, data.get("applies_to", ""))
        return data
