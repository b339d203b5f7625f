"""The forms of the reconciliation, the daily cash count, bookkeeping and the payer's answer."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.amounts import AmountInput
from common.days import DayField


class DateRangeForm(forms.Form):
    """The first and the last day of a date range."""

    since = DayField(label=_("From"))
    until = DayField(label=_("To"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("since") and data.get("until") and data["until"] < data["since"]:
            self.add_error("until", gettext("The last day is before the first."))
        return data


class CashCountForm(forms.Form):
    """The cash that was counted in one drawer of the day sheet."""

    variant = forms.CharField(widget=forms.HiddenInput, max_length=255)
    currency = forms.CharField(widget=forms.HiddenInput, max_length=3)
    counted = AmountInput(label=_("Counted"), max_digits=14, decimal_places=3, min_value=Decimal(0))
    why = forms.CharField(label=_("Reason for the difference"), max_length=300, required=False)


class PayerAnswerForm(forms.Form):
    answer = forms.CharField(label=_("Your answer"), max_length=2000, widget=forms.Textarea({"rows": 5}))
