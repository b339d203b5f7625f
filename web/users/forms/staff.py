from django import forms

from users.forms.fields import PictureField
from users.models import Staff


class StaffForm(forms.ModelForm):
    photo = PictureField(required=False, label="New photograph", help_text="JPEG, PNG or WebP, up to 5 MB.")
    without_photo = forms.BooleanField(required=False, label="Show no photograph")

    class Meta:
        model = Staff
        fields = ["title", "bio"]
        widgets = {"bio": forms.Textarea(attrs={"rows": 8})}
