from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing import gateways
from billing.admin.shared import link_to_desk, money_column
from billing.domain import status_text
from billing.models import Order, OrderLine, Payment, PaymentIssue
from common.admin import ReadOnlyAdmin, column
from common.formats import format_money


class OrderLineInline(ReadOnlyAdmin, admin.StackedInline):
    model = OrderLine
    early_price = money_column("early_total", _("early price"), "order.currency")
    regular_price = money_column("regular_total", _("regular price"), "order.currency")
    kept_amount = money_column("retained", _("kept"), "order.currency")
    readonly_fields = ["title", "detail", "status", "early_price", "regular_price", "canceled_at", "kept_amount"]
    fields = [*readonly_fields]

    def get_queryset(self, request: HttpRequest) -> Any:
        lines = super().get_queryset(request).select_related("order")
        return lines.prefetch_related("order__payments__refunds", "order__payments__disputes")

    status = column(_("status"), lambda line: str(status_text.line_status(line)))


class PaymentInline(ReadOnlyAdmin, admin.StackedInline):
    model = Payment
    amount = money_column("total", _("amount"))
    received = money_column("captured_amount", _("received"))
    refunded = money_column("refunded_amount", _("refunded"))
    readonly_fields = ["method", "status_label", "amount", "received", "refunded", "captured_at"]
    fields = [*readonly_fields]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("refunds", "disputes")

    method = column(_("method"), gateways.gateway_label)
    status_label = column(_("status"), lambda payment: str(status_text.payment_status(payment)))


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["number", "payer_name", "payer_email", "placed_at", "status_label", "total", "desk"]
    list_filter = ["state", "due_kind", "placed_at"]
    search_fields = ["=id", "payer_name", "payer_email", "lines__title"]
    date_hierarchy = "placed_at"
    inlines = [OrderLineInline, PaymentInline]
    early_price = money_column("early_total", _("early price"))
    regular_price = money_column("regular_total", _("regular price"))
    as_credit = money_column("returned_as_credit", _("returned as credit"))
    readonly_fields = ["desk", "status_label", "total", "early_price", "regular_price", "as_credit"]
    fields = [
        *("desk", "status_label", "due_kind", "due_date", "held_until"),
        *("payer", "payer_name", "payer_email", "street", "city", "area", "postcode", "country"),
        *("total", "early_price", "regular_price", "as_credit", "discount_code", "vouchers", "terms_version"),
        *("placed_at", "paid_at", "closed_at", "reminded_at", "entered_by"),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        orders = super().get_queryset(request).exclude(state=Order.State.CART)
        return orders.prefetch_related("payments__refunds", "payments__disputes")

    status_label = column(_("status"), lambda order: str(status_text.order_status(order)))
    total = column(_("total"), lambda order: format_money(order.total, order.currency))
    desk = column(_("at the desk"), lambda order: link_to_desk("desk_order", order.pk))


@admin.register(PaymentIssue)
class PaymentIssueAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["opened_at", "kind", "order", "description", "closed_at", "closed_by", "resolution"]
    list_filter = ["kind", ("closed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["order", "closed_by"]
