from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.names import email_key
from mailroom import registry
from mailroom.declare import OPTIONAL_KINDS, MailKind
from mailroom.domain import overrides
from mailroom.errors import MailTextInvalid
from mailroom.models import Suppression, Template


class PreferencesForm(forms.Form):
    """A checkbox for each kind of mail that can be turned off."""

    def __init__(self, *args: Any, current: dict[MailKind, bool], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in OPTIONAL_KINDS:
            self.fields[kind.value] = forms.BooleanField(
                label=kind.label, help_text=HELP[kind], required=False, initial=current[kind]
            )

    @property
    def chosen_kinds(self) -> dict[MailKind, bool]:
        return {kind: self.cleaned_data[kind.value] for kind in OPTIONAL_KINDS}


HELP = {
    MailKind.CLASS: _("Changes, reminders and new materials from your teachers."),
    MailKind.PROMOTIONAL: _("Occasional news about sessions, events and offers."),
}


class SuppressionForm(forms.ModelForm):
    class Meta:
        model = Suppression
        fields = ["email", "detail"]
        labels = {"detail": _("Reason")}

    def clean_email(self) -> str:
        address = email_key(self.cleaned_data["email"])
        if Suppression.objects.filter(email=address, lifted_at=None).exists():
            raise forms.ValidationError(gettext("This address is already blocked."))
        return address


class TemplateForm(forms.ModelForm):
    """A form that is valid only if its text can be rendered. The error is shown next to the part that causes it."""

    name = forms.ChoiceField(label=_("Mail"))

    class Meta:
        model = Template
        fields = ["name", "subject", "body"]
        widgets = {
            "subject": forms.TextInput(attrs={"size": 80}),
            "body": forms.Textarea(attrs={"rows": 24, "cols": 100, "spellcheck": "true"}),
        }
        help_texts = {
            "body": _(
                "Markdown: **bold**, *italic*, ## heading, - list, [link](address). A link on its own line "
                "becomes a button. Placeholders such as {{ name }} are filled in for each mail."
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "name" in self.fields:
            choices = [(name, f"{mail.title} ({name})") for name, mail in sorted(registry.declared_mails().items())]
            self.fields["name"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        mail = registry.declared_mails().get(cleaned.get("name") or self.instance.name)
        if mail is not None and {"subject", "body"} <= cleaned.keys():
            try:
                overrides.preview_mail(mail, cleaned["subject"], cleaned["body"])
            except MailTextInvalid as error:
                self.add_error(error.part, str(error))
        return cleaned
