from django import forms

from billing.forms import WhyForm


class PutOffForm(WhyForm):
    day = forms.DateField(label="Decision date", widget=forms.DateInput(attrs={"type": "date"}))
