"""Admin pages to view mails and to edit the school's own texts. Mails are resent and dismissed at the desk."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from common.admin import ReadOnlyAdmin, column
from mailroom import registry
from mailroom.domain import overrides
from mailroom.forms import SuppressionForm, TemplateForm
from mailroom.layout import framed_page
from mailroom.models import Message, Preference, Suppression, Template


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["drafted_at", "display_subject", "to", "state", "reason"]
    list_filter = ["state", "kind", "template"]
    search_fields = ["to", "subject", "template", "=about_id", "=provider_id"]
    date_hierarchy = "drafted_at"
    exclude = ["lease", "data", "html"]

    display_subject = column("subject", lambda message: message.display_subject, ordering="subject")


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["email", "kind", "wanted", "changed_at"]
    list_filter = ["kind", "wanted"]
    search_fields = ["email"]


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    """Addresses are unblocked at the desk, where a reason is required."""

    list_display = ["email", "cause", "since", "lifted_at"]
    list_filter = ["cause", ("lifted_at", admin.EmptyFieldListFilter)]
    search_fields = ["email"]
    form = SuppressionForm

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        obj.cause = Suppression.Cause.OFFICE
        super().save_model(request, obj, form, change)


@admin.register(Template)
class TemplateAdmin(admin.ModelAdmin):
    form = TemplateForm
    list_display = ["__str__", "name", "subject", "changed_at"]
    search_fields = ["name", "subject", "body"]
    change_form_template = "mailroom/admin/template_form.html"
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Template | None = None) -> list[str]:
        return ["name"] if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        # A new custom text starts as a copy of the standard text.
        name = request.GET.get("name", "")
        text = overrides.shipped_text(name)
        return {"name": name, "subject": text.subject, "body": text.body} if text else {}

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST" and "_preview" in request.POST:
            return self.preview(request, object_id) or super().changeform_view(request, object_id, *args, **kwargs)
        return super().changeform_view(request, object_id, *args, **kwargs)

    def preview(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """Return the rendered mail without saving anything, or None if the form has errors or is not allowed."""
        template = self.get_object(request, object_id) if object_id else None
        if not (self.has_change_permission(request, template) if template else self.has_add_permission(request)):
            return None
        form = self.get_form(request, template, change=bool(template))(request.POST, instance=template)
        if not form.is_valid():
            return None
        mail = registry.declared_mails()[form.instance.name]
        return framed_page(overrides.preview_mail(mail, form.instance.subject, form.instance.body).html)
