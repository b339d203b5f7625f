"""Columns and filters of billing's admin pages, which show amounts, statuses and methods in the words of the desk."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing import gateways
from common.formats import format_money

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Column = Callable[[Any, Any], str]


def money_column(field: str, label: "StrOrPromise", currency: str = "currency") -> Column:
    """Build a list column for an amount. `currency` is an attribute path on the row, such as `payment.currency`."""
    find_currency = attrgetter(currency)

    @admin.display(description=label, ordering=field)
    def column(_: Any, row: Any) -> str:
        amount = getattr(row, field)
        return "–" if amount is None else format_money(amount, find_currency(row))

    return column


def link_to_desk(name: str, number: int | None) -> SafeString | str:
    return (
        format_html('<a href="{}">{}</a>', reverse(name, args=[number]), gettext("Open at the desk")) if number else "–"
    )


class MethodFilter(admin.SimpleListFilter):
    title = _("method")
    parameter_name = "variant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        variants = model_admin.model.objects.order_by("variant").values_list("variant", flat=True).distinct()
        return [(variant, gateways.method_label(variant)) for variant in variants]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(variant=self.value()) if self.value() else queryset


class StatusFilter(admin.SimpleListFilter):
    """A filter by the text that the rows show. One text may stand for several states."""

    title = _("status")
    words: Mapping[str, tuple[str | Promise, str]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(text), str(text)) for text in dict.fromkeys(text for text, _ in self.words.values())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        states = [state for state, (text, _) in self.words.items() if text == self.value()]
        return queryset.filter(**{f"{self.parameter_name}__in": states})
