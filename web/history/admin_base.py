"""What is done in the admin goes to the school's history, not to a log of its own that would hold people's names."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest
from django.db import DataError, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from common.search import read_number
from history.domain import record, subject_of


def action(thing: Model, done: str) -> str:
    return f"{thing._meta.app_label}.{thing._meta.model_name}_{done}"


class Recorded(ModelAdmin):
    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        record(request.user, action(obj, "added"), obj)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        fields = changed_fields(message)
        if fields:
            record(request.user, action(obj, "changed"), obj, fields=fields)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for thing in queryset:
            record(request.user, action(thing, "deleted"), thing)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Actions on a list stand or fall with their record. A filter in the address may hold any number or year."""
        if request.method == "POST" and None in map(read_number, request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise BadRequest("An action is asked for a row that no table has.")
        try:
            with transaction.atomic():
                response = super().changelist_view(request, extra_context)
                return response.render() if request.GET and isinstance(response, TemplateResponse) else response
        except (DataError, OverflowError, ValueError) as too_far:
            if request.method == "GET" and request.GET:
                raise BadRequest("A filter names what no row can have.") from too_far
            raise

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        subject_type, _ = subject_of(self.model())
        query = urlencode({"subject_type": subject_type, "subject_id": object_id})
        return redirect(f"{reverse('admin:history_entry_changelist')}?{query}")


def changed_fields(message: Any) -> list[str]:
    """The names alone, never what stood or stands in them."""
    if not isinstance(message, list):
        return []
    names: list[str] = []
    for part in message:
        for done, what in part.items():
            names += what.get("fields") or [f"{what.get('name', 'row')} {done}"]
    return names
