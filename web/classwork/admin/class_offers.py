from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classwork.admin.base import GroupedAdmin, PreviewedAdmin, PreviewedAdminForm
from classwork.admin.filters import ClassDayFilter
from classwork.domain.catalog.class_summary import ClassSummary
from classwork.domain.class_fields import Section, section_lines
from classwork.domain.schedule import class_offers, next_session
from classwork.errors import ChangeRefused
from classwork.forms.schedule import ClassOfferForm
from classwork.models import ClassOffer, Meeting, Proposal
from common import dates
from common.admin import ReadOnlyAdmin, column
from common.formats import format_date
from users.models import User
from users.roles import acting_user


class ClassOfferAdminForm(PreviewedAdminForm, ClassOfferForm):
    pass


@admin.register(ClassOffer)
class ClassOfferAdmin(PreviewedAdmin, GroupedAdmin):
    form = ClassOfferAdminForm
    list_display = [
        "group",
        "subject",
        "time",
        "start_day",
        "end_day",
        "location",
        "taught_by",
        "manager_approved",
    ]
    list_display_links = ["subject"]
    list_filter = ["session", ClassDayFilter, "subject__level", "subject", "manager_approved"]
    search_fields = ["subject__name", "subject__level__name", "session__name", "location__name"]
    ordering = ["-session__key_day_date", "class_day", "start_time", "pk"]
    readonly_fields = ["dates_now", "single_days"]
    actions = ["approve", "copy"]
    fieldsets = [
        (
            section.value or None,
            {"fields": section_lines(section), "classes": ["collapse"] if section is Section.SKIPPED else []},
        )
        for section in Section
    ]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ClassOffer]":
        return ClassOffer.objects.for_lists()

    def group_of(self, obj: ClassOffer) -> str:
        return obj.session.title

    def store(self, actor: User, obj: ClassOffer, form: Any, change: bool) -> ClassOffer:
        if not change:
            return class_offers.create_class(actor, form.draft())
        class_offers.change_class(actor, obj, form.draft(), seen=form.seen)
        return obj

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        objects, counts, missing_permissions, protected = super().get_deleted_objects(objs, request)
        return objects, counts, missing_permissions - {Meeting._meta.verbose_name}, protected

    def delete_model(self, request: HttpRequest, obj: ClassOffer) -> None:
        class_offers.delete_class(acting_user(request), obj)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[ClassOffer]") -> None:
        with transaction.atomic():
            for class_offer in queryset:
                class_offers.delete_class(acting_user(request), class_offer)

    def log_deletions(self, request: HttpRequest, queryset: "QuerySet[Any]") -> Any:
        """The domain has already recorded the deletion."""

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)
        except ChangeRefused as error:
            return self.show_refusal(request, error)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        try:
            return super().changelist_view(request, extra_context)
        except ChangeRefused as error:
            return self.show_refusal(request, error)

    def show_refusal(self, request: HttpRequest, error: ChangeRefused) -> Any:
        self.message_user(request, str(error), messages.ERROR)
        return redirect("admin:classwork_classoffer_changelist")

    time = column(_("time"), lambda obj: obj.time_range, ordering="start_time")

    @admin.display(description=_("starts"))
    def start_day(self, obj: ClassOffer) -> str:
        first = ClassSummary(obj, dates.local_today()).first
        return format_date(first.local_date) if first else "–"

    @admin.display(description=_("ends"))
    def end_day(self, obj: ClassOffer) -> str:
        last = ClassSummary(obj, dates.local_today()).last
        return format_date(last.local_date) if last else "–"

    taught_by = column(_("teachers"), lambda obj: ClassSummary(obj, dates.local_today()).teachers)

    @admin.display(description=_("class days"))
    def dates_now(self, obj: ClassOffer) -> str:
        if obj.pk is None:
            return gettext(
                "Class days are computed from the session, the weekday and the number of weeks of the subject."
            )
        return ClassSummary(obj, dates.local_today()).date_range

    @admin.display(description=_("single days"))
    def single_days(self, obj: ClassOffer) -> str | SafeString:
        if obj.pk is None:
            return "–"
        url = reverse("desk_class", args=[obj.pk])
        return format_html('<a href="{}">{}</a>', url, gettext("Cancel, move or add class days"))

    @admin.action(description=_("Approve selected"), permissions=["change"])
    def approve(self, request: HttpRequest, chosen: "QuerySet[ClassOffer]") -> None:
        with transaction.atomic():
            for class_offer in chosen:
                class_offers.set_class_approved(acting_user(request), class_offer, True)
        self.message_user(request, gettext("Approved."))

    @admin.action(description=_("Copy selected"), permissions=["add"])
    def copy(self, request: HttpRequest, chosen: "QuerySet[ClassOffer]") -> None:
        with transaction.atomic():
            for class_offer in ClassOffer.objects.for_lists().filter(pk__in=chosen):
                repeated = next_session.repeat_class(class_offer)
                next_session.create_repeated_classes(acting_user(request), [repeated], class_offer.session)
        self.message_user(request, gettext("Copied into the same session; give the copies their own day and time."))


@admin.register(Meeting)
class MeetingAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["__str__", "number", "is_off", "moved_from", "reason", "location"]
    list_filter = ["class_offer__session", ("canceled_at", admin.EmptyFieldListFilter)]
    list_select_related = ["class_offer__subject__level", "location"]
    date_hierarchy = "starts_at"

    is_off = column(_("is running"), lambda obj: not obj.is_canceled, boolean=True)


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["__str__", "author", "state", "submitted_at", "decided_at"]
    list_filter = ["state"]
    list_select_related = ["author__user", "subject__level", "class_offer__subject__level", "class_offer__session"]
