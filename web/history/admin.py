"""The admin page of the history, which is read-only."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.admin import ReadOnlyAdmin, column
from history import entry_text
from history.admin_base import RecordedModelAdmin
from history.models import Entry


def model_of_subject(subject_type: str) -> type[Model] | None:
    return next((model for model in apps.get_models() if model._meta.model_name == subject_type), None)


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin, RecordedModelAdmin):
    list_display = ["at", "actor", "summary", "about", "reason"]
    list_filter = ["action", "at"]
    search_fields = ["=subject_id", "=actor_id", "reason"]
    search_help_text = _("Search by the ID of an account or record, or by words in the reason.")
    list_display_links = None
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        # Entries have no foreign keys, so subqueries add the names of the actors.
        account = get_user_model().objects.filter(pk=OuterRef("actor_id"))
        first, last = (Subquery(account.values(name)[:1]) for name in ("first_name", "last_name"))
        return super().get_queryset(request).annotate(actor_first=first, actor_last=last)

    @admin.display(description=_("person"), ordering="actor_id")
    def actor(self, entry: Any) -> str:
        if entry.actor_id is None:
            return gettext("the site itself")
        return f"{entry.actor_first or ''} {entry.actor_last or ''}".strip() or gettext("account %(number)s") % {
            "number": entry.actor_id
        }

    summary = column(_("action"), entry_text.entry_summary, ordering="action")

    @admin.display(description=_("object"))
    def about(self, entry: Entry) -> str:
        model = model_of_subject(entry.subject_type)
        name = f"{model._meta.verbose_name if model else entry.subject_type} {entry.subject_id}"
        try:
            url = reverse(f"admin:{model._meta.app_label}_{entry.subject_type}_change", args=[entry.subject_id])  # type: ignore[union-attr]
        except (AttributeError, NoReverseMatch):
            return name
        return format_html('<a href="{}">{}</a>', url, name)
