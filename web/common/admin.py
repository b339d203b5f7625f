from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class ReadOnlyAdmin:
    """Admin pages and inlines with this base class allow nobody to add, change or delete anything."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ConditionFilter(admin.SimpleListFilter):
    """A filter whose choices are conditions, each with a label."""

    conditions: Mapping[str, tuple[str | Promise, Q]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, str(label)) for key, (label, _) in self.conditions.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        label_and_condition = self.conditions.get(self.value() or "")
        return queryset.filter(label_and_condition[1]) if label_and_condition else queryset


def fieldset(title: str | Promise | None, *fields: str | tuple[str, ...]) -> Any:
    """For `fieldsets` of the admin. Fields in a tuple share a line."""
    return title, {"fields": fields}


def column(label: "StrOrPromise", value: Callable[[Any], Any], **options: Any) -> Any:
    """A column of a list, or a read-only field, that is computed from the row. Takes the options of admin.display."""

    @admin.display(description=label, **options)
    def display_value(_: Any, row: Any) -> Any:
        return value(row)

    return display_value
