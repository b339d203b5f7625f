from django import forms
from django.utils.translation import gettext_lazy as _

from common.files.fields import PictureField
from users.models import Staff


class StaffForm(forms.ModelForm):
    photo = PictureField(required=False, label=_("New photo"))
    without_photo = forms.BooleanField(required=False, label=_("Don’t show a photo"))

    class Meta:
        model = Staff
        fields = ["title", "bio"]
        labels = {"title": _("Title"), "bio": _("Bio")}
        widgets = {"bio": forms.Textarea(attrs={"rows": 8})}
