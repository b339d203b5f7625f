from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.admin import ReadOnlyAdmin
from registrations.domain import status_text
from registrations.models import Registration, Ticket
from users.admin import side_panels


@admin.register(Registration)
class RegistrationAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["first_name", "last_name", "class_offer", "spot", "payment", "created_at"]
    list_filter = ["state", "class_offer__session", "class_offer__class_day", "readiness", "over_capacity"]
    search_fields = ["student__first_name", "student__last_name", "student__email", "student__user__email"]
    fields = [
        *("student", "class_offer", "spot", "end_reason", "over_capacity", "payment", "readiness", "referral_source"),
        *("created_at", "confirmed_at", "ended_at", "at_the_desk", "recent_history"),
    ]
    ordering = ["-class_offer__class_day", "class_offer__start_time", "student__first_name"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Registration]":
        return Registration.objects.for_lists()

    @admin.display(description=_("first name"), ordering="student__first_name")
    def first_name(self, obj: Registration) -> str:
        return obj.student.first_name

    @admin.display(description=_("last name"), ordering="student__last_name")
    def last_name(self, obj: Registration) -> str:
        return obj.student.last_name

    @admin.display(description=_("at the desk"))
    def at_the_desk(self, obj: Registration) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("desk_registration", args=[obj.pk]), gettext("Hold, order and class")
        )

    @admin.display(description=_("history"))
    def recent_history(self, obj: Registration) -> str:
        return side_panels.recent_history_panel(obj)

    @admin.display(description=_("spot"), ordering="state")
    def spot(self, obj: Registration) -> str:
        return str(status_text.registration_status(obj, timezone.now()))

    @admin.display(description=_("payment"))
    def payment(self, obj: Registration) -> str:
        return str(status_text.spot_payment_status(obj, timezone.now()))


@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["student", "class_day", "what", "spot", "payment", "created_at"]
    list_filter = ["state", ("trial_of", admin.EmptyFieldListFilter), "meeting__class_offer__session"]
    search_fields = ["student__first_name", "student__last_name", "student__email", "student__user__email"]
    fields = [
        "student",
        "class_day",
        "what",
        "spot",
        "end_reason",
        "payment",
        "created_at",
        "confirmed_at",
        "ended_at",
    ]
    ordering = ["-meeting__starts_at", "student__first_name"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Ticket]":
        return Ticket.objects.for_lists()

    @admin.display(description=_("class day"), ordering="meeting__starts_at")
    def class_day(self, obj: Ticket) -> str:
        return str(obj.meeting)

    @admin.display(description=_("what"), ordering="trial_of")
    def what(self, obj: Ticket) -> str:
        return obj.kind_text

    @admin.display(description=_("spot"), ordering="state")
    def spot(self, obj: Ticket) -> str:
        return str(status_text.ticket_status(obj, timezone.now()))

    @admin.display(description=_("payment"))
    def payment(self, obj: Ticket) -> str:
        return str(status_text.spot_payment_status(obj, timezone.now()))
