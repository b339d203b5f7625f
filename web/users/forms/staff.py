from django import forms

from common.files.fields import PictureField
from users.models import Staff


class StaffForm(forms.ModelForm):
    photo = PictureField(required=False, label="New photograph")
    without_photo = forms.BooleanField(required=False, label="Show no photograph")

    class Meta:
        model = Staff
        fields = ["title", "bio"]
        widgets = {"bio": forms.Textarea(attrs={"rows": 8})}
