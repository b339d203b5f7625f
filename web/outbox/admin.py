"""Read-only admin pages. Deliveries are retried and dismissed at the desk."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from outbox.models import Attempt, Delivery, Event, JobRow


class DeliveryInline(ReadOnlyAdmin, admin.StackedInline):
    model = Delivery
    fields = ["receiver", "state", "tries", "due_at", "ended_at", "reason"]
    can_delete = False


class AttemptInline(ReadOnlyAdmin, admin.StackedInline):
    model = Attempt
    can_delete = False


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["at", "type", "subject_type", "subject_id", "cause_by"]
    list_filter = ["type", "subject_type"]
    search_fields = ["key", "=subject_id", "=request_id"]
    date_hierarchy = "at"
    ordering = ["-id"]
    inlines = [DeliveryInline]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["event", "receiver", "state", "tries", "due_at", "ended_at"]
    list_filter = ["state", "receiver"]
    list_select_related = ["event"]
    ordering = ["-id"]
    inlines = [AttemptInline]


@admin.register(JobRow)
class JobRowAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["name", "due_at", "started_at", "ended_at", "failures"]
