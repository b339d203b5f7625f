from typing import Any, cast

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SAVED_IN_HISTORY = _("Saved with your name in the history.")


class ReasonForm(forms.Form):
    """The reason for an action at the desk. Subclasses add their fields below it."""

    def __init__(self, *args: Any, max_length: int = 300, help_text: str | Promise = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        why = forms.CharField(label=_("Reason"), max_length=max_length, help_text=str(help_text))
        self.fields = {"why": why, **self.fields}


def set_choices(form: forms.Form, name: str, choices: list[tuple[str, str]], *, select_first: bool = False) -> None:
    field = cast(forms.ChoiceField, form.fields[name])
    field.choices = choices
    if select_first and choices:
        field.initial = choices[0][0]
