"""Forms for logging in and for the owner of an account."""

from typing import Any

from django import forms
from django.contrib.auth import forms as auth
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from users.forms.fields import AddressField, NameField
from users.models import User


class LogInForm(auth.AuthenticationForm):
    username = AddressField(widget=forms.EmailInput(attrs={"autocomplete": "username", "autocapitalize": "none"}))
    error_messages = auth.AuthenticationForm.error_messages | {
        "invalid_login": _("Wrong email or password. Passwords are case-sensitive."),
        "inactive": _("Wrong email or password. Passwords are case-sensitive."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = gettext("Email")


class LinkForm(forms.Form):
    email = AddressField()


class NamesForm(forms.Form):
    first_name = NameField(label=_("First name"), autocomplete="given-name")
    last_name = NameField(label=_("Last name"), autocomplete="family-name", required=False)


class PasswordConfirmationForm(forms.Form):
    """For steps that someone else at an unattended screen must not be able to take."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError(gettext("That isn’t your password. Passwords are case-sensitive."))
        return password


class NewAddressForm(PasswordConfirmationForm):
    email = AddressField(label=_("New email"))
    field_order = ["email", "password"]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email == self.user.email:
            raise forms.ValidationError(gettext("This is already your email address."))
        return email


class CloseAccountForm(PasswordConfirmationForm):
    sure = forms.BooleanField(
        label=_("Yes, close my account"), error_messages={"required": _("Please check this box to close your account.")}
    )
    field_order = ["sure", "password"]
