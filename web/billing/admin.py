"""The books in Django's admin: to look things up. Money moves at the desk, where each act has its rules; codes are
edited here."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import transaction
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.domain import codes, words
from billing.forms.codes import DiscountCodeForm
from billing.models import (
    Case,
    Code,
    Credit,
    Dispute,
    Order,
    OrderLine,
    Payment,
    Refund,
    Voucher,
    VoucherEntry,
    WebhookEvent,
)
from common.formats import format_date, format_moment, format_money
from history.domain import record


class Looking:
    """Nobody adds, changes or deletes this by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LineInline(Looking, admin.StackedInline):
    model = OrderLine
    readonly_fields = ["title", "detail", "kind", "product_id", "now_total", "door_total", "cancelled_at", "kept"]
    fields = [*readonly_fields]


class PaymentInline(Looking, admin.StackedInline):
    model = Payment
    readonly_fields = ["variant", "status", "total", "captured_amount", "refunded_amount", "captured_at"]
    fields = [*readonly_fields]


@admin.register(Order)
class OrderAdmin(Looking, admin.ModelAdmin):
    list_display = ["number", "payer_name", "payer_email", "placed_at", "in_words", "total"]
    list_filter = ["state", "due", "placed_at"]
    search_fields = ["=id", "payer_name", "payer_email", "lines__title"]
    date_hierarchy = "placed_at"
    inlines = [LineInline, PaymentInline]
    exclude = ["nonce"]
    readonly_fields = ["desk"]

    def get_queryset(self, request: HttpRequest) -> Any:
        found = super().get_queryset(request).exclude(state=Order.State.CART)
        return found.prefetch_related("payments__refunds", "payments__disputes")

    @admin.display(description="status")
    def in_words(self, order: Order) -> str:
        return words.of_order(order).text

    @admin.display(description="total")
    def total(self, order: Order) -> str:
        return format_money(order.total, order.currency)

    @admin.display(description="at the desk")
    def desk(self, order: Order) -> SafeString:
        return format_html('<a href="{}">At the desk</a>', reverse("desk_order", args=[order.pk]))


@admin.register(Payment)
class PaymentAdmin(Looking, admin.ModelAdmin):
    list_display = ["id", "order", "variant", "status", "total", "captured_amount", "refunded_amount", "created"]
    list_filter = ["variant", "status", "created"]
    search_fields = ["=order__id", "transaction_id", "billing_email"]
    list_select_related = ["order"]
    exclude = ["token", "extra_data", "session_url"]


@admin.register(Refund)
class RefundAdmin(Looking, admin.ModelAdmin):
    list_display = ["id", "payment", "amount", "state", "why", "by", "created_at", "settled_at"]
    list_filter = ["state", "created_at"]
    list_select_related = ["payment", "by"]
    exclude = ["token"]


@admin.register(Dispute)
class DisputeAdmin(Looking, admin.ModelAdmin):
    list_display = ["id", "payment", "amount", "state", "reason", "opened_at", "closed_at"]
    list_filter = ["state", "opened_at"]
    list_select_related = ["payment"]


@admin.register(WebhookEvent)
class WebhookEventAdmin(Looking, admin.ModelAdmin):
    list_display = ["at", "variant", "kind", "outcome", "payment"]
    list_filter = ["variant", "outcome", "at"]
    search_fields = ["=event_id", "=payment__order__id"]
    list_select_related = ["payment"]


@admin.register(Credit)
class CreditAdmin(Looking, admin.ModelAdmin):
    list_display = ["at", "account", "reason", "amount", "currency", "order", "why", "by"]
    list_filter = ["reason", "at"]
    search_fields = ["account__email", "why"]
    list_select_related = ["account", "order", "by"]


@admin.register(Voucher)
class VoucherAdmin(Looking, admin.ModelAdmin):
    list_display = [
        "mark",
        "created_at",
        "gift",
        "worth",
        "balance",
        "currency",
        "recipient_name",
        "expires_on",
        "line",
    ]
    list_filter = ["created_at", "expires_on", ("voided_at", admin.EmptyFieldListFilter)]
    search_fields = ["=code", "recipient_name", "recipient_email", "giver_name", "=line__order__id"]
    list_select_related = ["line"]
    exclude = ["nonce"]


@admin.register(VoucherEntry)
class VoucherEntryAdmin(Looking, admin.ModelAdmin):
    list_display = ["at", "voucher", "reason", "amount", "order", "why", "by"]
    list_filter = ["reason", "at"]
    search_fields = ["=voucher__code", "=order__id", "why"]
    list_select_related = ["voucher", "order", "by"]


@admin.register(Case)
class CaseAdmin(Looking, admin.ModelAdmin):
    list_display = ["opened_at", "kind", "order", "text", "closed_at", "closed_by", "answer"]
    list_filter = ["kind", ("closed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["order", "closed_by"]


class CodeList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        codes.name_scopes(list(self.result_list))


@admin.register(Code)
class CodeAdmin(admin.ModelAdmin):
    form = DiscountCodeForm
    fields = ["text", "label", ("percent", "amount"), "applies_to", "student", "limit", ("valid_from", "valid_until")]
    list_display = ["text", "percent", "amount", "scope", "student", "used", "limit", "valid_from", "ends"]
    search_fields = ["text", "label"]
    list_select_related = ["student"]
    autocomplete_fields = ["student"]

    class Media:
        js = ["js/name_autocomplete.js"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return codes.with_uses(super().get_queryset(request), timezone.now())

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CodeList

    @admin.display(description="applies to")
    def scope(self, code: Code) -> str:
        return str(code.scope)  # type: ignore[attr-defined]

    @admin.display(description="used", ordering="used")
    def used(self, code: Code) -> int:
        return int(code.used)  # type: ignore[attr-defined]

    @admin.display(description="valid until", ordering="valid_until", empty_value="-")
    def ends(self, code: Code) -> str | None:
        if code.valid_until is None:
            return None
        day = codes.last_day(code)
        return f"Through {format_date(day)}" if day else format_moment(code.valid_until)

    def save_model(self, request: HttpRequest, obj: Code, form: ModelForm, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            record(request.user, "billing.code_changed" if change else "billing.code_made", obj, code=obj.text)
