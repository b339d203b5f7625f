from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common.admin import column
from common.files.fields import PictureField
from history.admin_base import RecordedModelAdmin
from users.models import Staff


class StaffAdminForm(forms.ModelForm):
    photo = PictureField(required=False, label=_("Photo"), widget=forms.ClearableFileInput)


class StaffListingForm(forms.ModelForm):
    """The column heading labels this field for the eye, and the aria-label does so for a screen reader."""

    class Meta:
        model = Staff
        fields = ["listing"]
        widgets = {"listing": forms.NumberInput(attrs={"aria-label": _("Order on the About page")})}


@admin.register(Staff)
class StaffAdmin(RecordedModelAdmin):
    form = StaffAdminForm
    list_display = ["__str__", "title", "listing", "has_bio", "has_photo"]
    list_editable = ["listing"]
    list_select_related = ["user"]
    search_fields = ["user__first_name", "user__last_name", "title"]
    raw_id_fields = ["user"]
    fields = ["user", "title", "bio", "photo", "listing"]

    has_bio = column(_("bio"), lambda staff: bool(staff.bio), boolean=True)
    has_photo = column(_("photo"), lambda staff: bool(staff.photo), boolean=True)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[forms.ModelForm]:
        return super().get_changelist_form(request, **kwargs | {"form": StaffListingForm})

    def get_readonly_fields(self, request: HttpRequest, obj: Staff | None = None) -> list[str]:
        return ["user"] if obj else []
