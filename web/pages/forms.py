from django import forms
from django.utils.translation import gettext_lazy as _

from pages.models import ContactMessage, SiteContent
from users.forms.fields import NameField


class ContactForm(forms.ModelForm):
    name = NameField(
        label=_("Your name"),
        autocomplete="name",
        max_length=120,
        error_messages={"required": _("Please tell us your name.")},
    )

    class Meta:
        model = ContactMessage
        fields = ["name", "email", "text"]
        widgets = {
            "email": forms.EmailInput(attrs={"autocomplete": "email", "autocapitalize": "none"}),
        }
        labels = {"email": _("Your email")}
        help_texts = {"email": _("We’ll only use it to reply.")}
        error_messages = {
            "email": {
                "required": _("Please tell us where to reply."),
                "invalid": _("Please enter a complete email address."),
            },
            "text": {"required": _("Please write a message.")},
        }


class TextForm(forms.ModelForm):
    class Meta:
        model = SiteContent
        fields = ["title", "draft"]
        labels = {"title": _("Title")}
        widgets = {"draft": forms.Textarea(attrs={"rows": 18})}
