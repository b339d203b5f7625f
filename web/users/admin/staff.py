from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

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

    @admin.display(description=_("bio"), boolean=True)
    def has_bio(self, staff: Staff) -> bool:
        return bool(staff.bio)

    @admin.display(description=_("photo"), boolean=True)
    def has_photo(self, staff: Staff) -> bool:
        return bool(staff.photo)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[forms.ModelForm]:
        return super().get_changelist_form(request, **kwargs | {"form": StaffListingForm})

    def get_readonly_fields(self, request: HttpRequest, obj: Staff | None = None) -> list[str]:
        return ["user"] if obj else []
