from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from classwork.domain.resources import content, kind_rules, releases
from classwork.models import Attachment, Release, Resource
from common.admin import ConditionFilter, ReadOnlyAdmin, fieldset
from common.files import file_checks, storage_checks
from common.files.file_checks import CheckedFile
from history.admin_base import RecordedModelAdmin
from users.roles import acting_user


class ResourceAdminForm(forms.ModelForm):
    """The file is checked like the files that teachers send, and is stored only when all other fields are valid."""

    sent = forms.FileField(label=_("File"), required=False, help_text=_("Replaces the current file."))
    checked: CheckedFile | None = None

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        kind, sent = values.get("kind"), values.get("sent")
        try:
            if values.get("link") and kind in (Resource.Kind.LINK, Resource.Kind.PAGE):
                values["link"] = kind_rules.clean_link(kind, values["link"])
        except forms.ValidationError as error:
            self.add_error("link", error)
        if kind in Resource.FILES and sent:
            self._look_at(kind, sent)
        if "kind" not in values:
            return values
        names = ("kind", "link", "text", "when", "class_number")
        resource = Resource(**{name: values[name] for name in names if name in values})
        problems = kind_rules.resource_kind_problems(resource, has_file=bool(sent or self.instance.file))
        for name, problem in problems.items():
            if name not in self.errors:
                self.add_error("sent" if name == "file" else name, problem)
        return values

    def _look_at(self, kind: str, sent: Any) -> None:
        try:
            storage_checks.check_private_storage()
            self.checked = file_checks.check_file(
                sent, name=sent.name, size=sent.size, declared=sent.content_type or "", kind=kind
            )
        except forms.ValidationError as error:
            self.add_error("sent", error)


class AttachmentInline(admin.StackedInline):
    """The rows are stacked, so that each field keeps its label on a phone."""

    model = Attachment
    extra = 1

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        related = {"subject": ["level"], "class_offer": ["subject__level", "session"]}.get(db_field.name)
        if related:
            kwargs["queryset"] = db_field.related_model._default_manager.select_related(*related)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class AttachedFilter(ConditionFilter):
    title = _("attached to")
    parameter_name = "hangs"
    conditions = {
        "subject": (_("On a subject"), Q(pk__in=Attachment.objects.exclude(subject=None).values("resource"))),
        "class_offer": (_("On a class"), Q(pk__in=Attachment.objects.exclude(class_offer=None).values("resource"))),
        "nothing": (_("In a library"), Q(attachments=None)),
    }


@admin.register(Resource)
class ResourceAdmin(RecordedModelAdmin):
    """Saving here rebuilds the releases in the same transaction."""

    list_display = [
        "title",
        "kind",
        "audience",
        "when",
        "class_number",
        "expires_after",
        "attached_to",
        "manager_approved",
    ]
    list_filter = ["kind", "audience", "when", "manager_approved", AttachedFilter]
    search_fields = ["title", "text", "file_title"]
    inlines = [AttachmentInline]
    actions = ["approve"]
    form = ResourceAdminForm
    readonly_fields = ["author", "file_title", "size", "seconds"]
    fieldsets = [
        fieldset(None, "title", ("kind", "audience"), "manager_approved", "author"),
        fieldset(_("When"), ("when", "class_number"), "expires_after"),
        fieldset(_("Content"), "link", "text", "sent", ("file_title", "size", "seconds")),
    ]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Resource]":
        related = (
            "attachments__subject__level",
            "attachments__class_offer__subject__level",
            "attachments__class_offer__session",
        )
        return Resource.objects.prefetch_related(*related)

    @admin.display(description=_("attached to"))
    def attached_to(self, obj: Resource) -> str:
        attachments = sorted(obj.attachments.all(), key=lambda each: each.class_offer_id is not None)
        return "; ".join(str(each.class_offer or each.subject) for each in attachments)

    def save_model(self, request: HttpRequest, obj: Resource, form: Any, change: bool) -> None:
        content.store_files(obj, {"file": form.checked})
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        before = set(releases.classes_with_resource(form.instance))
        super().save_related(request, form, formsets, change)
        releases.rebuild_class_releases(before.union(releases.classes_with_resource(form.instance)))

    @admin.action(description=_("Approve selected"), permissions=["change"])
    def approve(self, request: HttpRequest, queryset: "QuerySet[Resource]") -> None:
        count = sum(content.approve_resource(acting_user(request), resource) for resource in queryset)
        text = ngettext("One resource is approved.", "%(number)s resources are approved.", count)
        messages.success(request, text % {"number": count})


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["resource", "class_offer", "opens_at", "last_day", "released_at", "held_at"]
    list_filter = [
        "class_offer__session",
        ("held_at", admin.EmptyFieldListFilter),
        ("released_at", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["resource", "class_offer__subject__level", "class_offer__session"]
    date_hierarchy = "opens_at"
