"""The base class of admin pages. It records actions in the history, because Django's own log stores people's names."""

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
from history.domain import record_action, subject_of


def action_code(row: Model, verb: str) -> str:
    return f"{row._meta.app_label}.{row._meta.model_name}_{verb}"


class RecordedModelAdmin(ModelAdmin):
    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        record_action(request.user, action_code(obj, "added"), obj)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        fields = changed_fields(message)
        if fields:
            record_action(request.user, action_code(obj, "changed"), obj, fields=fields)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for row in queryset:
            record_action(request.user, action_code(row, "deleted"), row)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """An action and its history entry are saved in one transaction.

        The page is rendered here, so that errors of its query are caught: a filter in the address may contain any
        number or year.
        """
        if request.method == "POST" and None in map(read_number, request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise BadRequest("The action was requested for an ID that no row can have.")
        try:
            with transaction.atomic():
                response = super().changelist_view(request, extra_context)
                return response.render() if request.GET and isinstance(response, TemplateResponse) else response
        except (DataError, OverflowError, ValueError) as error:
            if request.method == "GET" and request.GET:
                raise BadRequest("The filter has a value that no row can have.") from error
            raise

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        subject_type, _ = subject_of(self.model())
        query = urlencode({"subject_type": subject_type, "subject_id": object_id})
        return redirect(f"{reverse('admin:history_entry_changelist')}?{query}")


def changed_fields(message: Any) -> list[str]:
    """The names of the changed fields. Their values are left out, because they may be personal data."""
    if not isinstance(message, list):
        return []
    names: list[str] = []
    for part in message:
        for verb, change in part.items():
            names += change.get("fields") or [f"{change.get('name', 'row')} {verb}"]
    return names
