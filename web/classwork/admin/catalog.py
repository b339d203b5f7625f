from typing import Any

from django import forms
from django.contrib import admin
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classwork.admin.base import GroupedAdmin, PreviewedAdmin, PreviewedAdminForm
from classwork.domain.catalog import subjects
from classwork.forms.schedule import SubjectForm
from classwork.models import Level, Location, Subject
from common.admin import fieldset
from common.files.fields import PictureField
from users.models import User
from users.roles import acting_user


@admin.register(Level)
class LevelAdmin(admin.ModelAdmin):
    list_display = ["name", "code", "rank", "is_step", "rule", "started", "done", "done_twice"]
    list_filter = ["is_step"]
    fieldsets = [
        fieldset(None, "name", "code", "rank", "is_step", "description"),
        fieldset(_("Rule and level numbers"), "rule", "planned_versions", ("started", "done", "done_twice")),
    ]


class LocationForm(forms.ModelForm):
    image = PictureField(required=False, label=_("Photo"), widget=forms.ClearableFileInput)


@admin.register(Location)
class LocationAdmin(admin.ModelAdmin):
    form = LocationForm
    list_display = ["name", "code", "full_address", "is_public"]
    list_filter = ["is_public"]
    search_fields = ["name", "code", "address"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    fieldsets = [
        fieldset(None, "name", "code", "is_public"),
        fieldset(_("Address"), "address", ("city", "state", "zipcode", "country"), "map_link", "directions", "image"),
    ]


class SubjectAdminForm(PreviewedAdminForm, SubjectForm):
    pass


@admin.register(Subject)
class SubjectAdmin(PreviewedAdmin, GroupedAdmin):
    form = SubjectAdminForm
    list_display = ["group", "__str__", "name", "level_number", "version", "num_weeks", "manager_approved"]
    list_display_links = ["__str__"]
    list_filter = ["level", "version", "manager_approved"]
    list_select_related = ["level"]
    search_fields = ["name", "code", "short_description"]
    actions = ["approve", "copy"]
    fieldsets = [
        fieldset(None, ("level", "version"), "name", "code", "level_num", "manager_approved"),
        fieldset(_("Texts"), ("tagline_1", "tagline_2", "tagline_3"), "short_description", "description", "image"),
        fieldset(_("Time"), ("num_weeks", "num_minutes")),
        fieldset(
            _("Prices"),
            ("full_price", "pre_pay_discount"),
            ("multiple_purchase_discount", "qualifies_as_multi_class_discount"),
        ),
    ]

    def group_of(self, obj: Subject) -> str:
        return obj.level.name

    def store(self, actor: User, obj: Subject, form: Any, change: bool) -> Subject:
        if not change:
            return subjects.create_subject(actor, form.values())
        subjects.change_subject(actor, obj, form.values(), seen=form.seen)
        return obj

    @admin.action(description=_("Approve selected"), permissions=["change"])
    def approve(self, request: HttpRequest, chosen: "QuerySet[Subject]") -> None:
        with transaction.atomic():
            for subject in chosen:
                subjects.set_subject_approved(acting_user(request), subject, True)
        self.message_user(request, gettext("Approved."))

    @admin.action(description=_("Copy selected"), permissions=["add"])
    def copy(self, request: HttpRequest, chosen: "QuerySet[Subject]") -> None:
        with transaction.atomic():
            for subject in chosen:
                subjects.copy_subject(acting_user(request), subject)
        self.message_user(request, gettext("Copied; the copies are not approved yet."))
