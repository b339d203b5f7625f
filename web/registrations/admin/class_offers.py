from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from classwork.admin import ClassOfferAdmin
from classwork.models import ClassOffer
from registrations.domain import capacity

# The import of classwork.admin above has registered the classes without the column of spots.
admin.site.unregister(ClassOffer)


@admin.register(ClassOffer)
class ClassOfferWithSpotsAdmin(ClassOfferAdmin):
    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = [*super().get_list_display(request)]
        columns.insert(columns.index("location"), "spots")
        return columns

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ClassOffer]":
        return capacity.annotate_taken(super().get_queryset(request), timezone.now())

    @admin.display(description=_("spots"), ordering="taken")
    def spots(self, obj: Any) -> str:
        return f"{obj.taken}" if obj.capacity is None else f"{obj.taken}/{obj.capacity}"
