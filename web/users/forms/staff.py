from django import forms

from common.files.fields import PictureField
from users.models import Staff


class StaffForm(forms.ModelForm):
    photo = PictureField(required=False, label="New photo")
    without_photo = forms.BooleanField(required=False, label="Don’t show a photo")

    class Meta:
        model = Staff
        fields = ["title", "bio"]
        widgets = {"bio": forms.Textarea(attrs={"rows": 8})}
