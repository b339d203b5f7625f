from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.days import DayField
from users.forms.fields import AddressField, NameField
from users.models import Student, User


def born_on_field() -> DayField:
    return DayField(
        label=_("Date of birth"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "off"}),
    )


class OwnRecordForm(forms.ModelForm):
    """What a teacher should know about a student."""

    born_on = born_on_field()

    class Meta:
        model = Student
        fields = ["born_on", "notes"]
        widgets = {"notes": forms.Textarea(attrs={"rows": 4})}

    def clean_born_on(self) -> Any:
        born_on = self.cleaned_data["born_on"]
        if born_on and born_on > timezone.localdate():
            raise forms.ValidationError(gettext("This date is in the future."))
        return born_on


class StudentForm(OwnRecordForm):
    first_name = NameField(label=_("First name"))
    last_name = NameField(label=_("Last name"), required=False)

    class Meta(OwnRecordForm.Meta):
        fields = ["first_name", "last_name", "born_on", "notes"]


class HandOverForm(forms.Form):
    email = AddressField(label=_("Their email"), help_text=_("Not yours: we’ll send the link there."))

    def __init__(self, guardian: User, *args: Any, **kwargs: Any) -> None:
        self.guardian = guardian
        super().__init__(*args, **kwargs)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email == self.guardian.email:
            raise forms.ValidationError(gettext("This is your own email. Please enter theirs."))
        return email
