from django import forms
from django.utils.translation import gettext_lazy as _


class ReasonForm(forms.Form):
    why = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Saved with your name in the history."))
