from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from classwork.models import ClassOffer
from common import dates
from common.search import read_number


class ClassDayFilter(admin.SimpleListFilter):
    """Only weekdays on which a class meets are listed."""

    title = _("class day")
    parameter_name = "class_day"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        days = ClassOffer.objects.order_by("class_day").values_list("class_day", flat=True).distinct()
        return [(str(day), str(dates.WEEKDAYS[day])) for day in days]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[ClassOffer]") -> "QuerySet[ClassOffer]":
        day = read_number(self.value() or "")
        return queryset if day is None else queryset.filter(class_day=day)
