from typing import Any

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from users.domain import consents
from users.forms.fields import AddressField, NameField
from users.models import User


def agreement_field(text: consents.ConsentText) -> forms.BooleanField:
    values = {"text": text.title, "version": text.version}
    return forms.BooleanField(
        label=gettext("I agree to the %(text)s (version %(version)s)") % values,
        help_text=format_html('<a href="{}">{}</a>', reverse(text.kind), gettext("Read the %(text)s") % values),
        error_messages={"required": gettext("Please check this box if you agree to the %(text)s.") % values},
    )


class SignUpForm(forms.ModelForm):
    """Address, name and consents. The mailed link leads to the choice of a password."""

    first_name = NameField(label=_("First name"), autocomplete="given-name")
    last_name = NameField(label=_("Last name"), autocomplete="family-name", required=False)
    email = AddressField(help_text=_("We’ll email you a link to set your password."))

    class Meta:
        model = User
        fields = ["first_name", "last_name", "email"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.texts = consents.consent_texts()
        for text in self.texts:
            self.fields[text.kind] = agreement_field(text)

    def _get_validation_exclusions(self) -> set[str]:
        # The form never says that an address is taken, because that would tell strangers who has an account.
        return {*super()._get_validation_exclusions(), "email"}  # type: ignore[misc]

    def agreed(self) -> dict[str, str]:
        return {text.kind: text.version for text in self.texts if self.cleaned_data[text.kind]}
