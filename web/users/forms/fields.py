"""Form fields for addresses and names, which bring them into the form that the school stores."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common import names


class AddressField(forms.EmailField):
    """The value is converted to its stored form first, so that the length limit applies to that form."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"}
        kwargs.setdefault("widget", forms.EmailInput(attrs=attrs))
        kwargs.setdefault("label", _("Email"))
        super().__init__(**{"max_length": 254} | kwargs)

    def to_python(self, value: Any) -> str:
        return names.email_key(super().to_python(value) or "")


class NameField(forms.CharField):
    """Names in any script are kept as typed, except for extra spaces."""

    def __init__(self, *, autocomplete: str = "off", **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": autocomplete}))
        super().__init__(**{"max_length": 100} | kwargs)

    def to_python(self, value: Any) -> str:
        return names.tidy_name(super().to_python(value) or "")

    def validate(self, value: Any) -> None:
        super().validate(value)
        if names.has_web_address(value):
            raise forms.ValidationError(_("Please enter a name without a web address."), code="web_address")
