from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.admin import ReadOnlyAdmin, column
from registrations.domain import status_text
from registrations.models import Registration
from users.admin import side_panels


@admin.register(Registration)
class RegistrationAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["first_name", "last_name", "class_offer", "scope", "spot", "payment", "created_at"]
    list_filter = [
        *(
            "state",
            ("meeting", admin.EmptyFieldListFilter),
            ("trial_of", admin.EmptyFieldListFilter),
            "class_offer__session",
            "class_offer__class_day",
        ),
        *("readiness", "over_capacity"),
    ]
    search_fields = ["student__first_name", "student__last_name", "student__email", "student__user__email"]
    fields = [
        *(
            "student",
            "class_offer",
            "scope",
            "spot",
            "end_reason",
            "over_capacity",
            "payment",
            "readiness",
            "referral_source",
        ),
        *("created_at", "confirmed_at", "ended_at", "at_the_desk", "recent_history"),
    ]
    ordering = ["-class_offer__class_day", "class_offer__start_time", "student__first_name"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Registration]":
        return Registration.objects.for_lists().select_related("meeting")

    first_name = column(_("first name"), lambda obj: obj.student.first_name, ordering="student__first_name")
    last_name = column(_("last name"), lambda obj: obj.student.last_name, ordering="student__last_name")

    @admin.display(description=_("at the desk"))
    def at_the_desk(self, obj: Registration) -> str:
        page = "desk_ticket" if obj.is_for_single_meeting else "desk_registration"
        return format_html('<a href="{}">{}</a>', reverse(page, args=[obj.pk]), gettext("Hold, order and class"))

    recent_history = column(_("history"), side_panels.recent_history_panel)

    @admin.display(description=_("scope"), ordering="meeting__starts_at")
    def scope(self, obj: Registration) -> str:
        if obj.meeting is None:
            return gettext("Whole class")
        return f"{obj.kind_text.capitalize()}, {obj.meeting.slot}"

    @admin.display(description=_("spot"), ordering="state")
    def spot(self, obj: Registration) -> str:
        status = status_text.ticket_status if obj.is_for_single_meeting else status_text.registration_status
        return str(status(obj, timezone.now()))

    payment = column(_("payment"), lambda obj: str(status_text.spot_payment_status(obj, timezone.now())))
