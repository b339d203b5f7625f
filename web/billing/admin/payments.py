from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing import gateways
from billing.admin.shared import MethodFilter, StatusFilter, link_to_desk, money_column
from billing.domain import status_text
from billing.models import Dispute, Payment, ProcessedWebhook, Refund
from common.admin import ReadOnlyAdmin, column


class PaymentStatusFilter(StatusFilter):
    parameter_name = "status"
    words = status_text.PAYMENTS


class RefundStatusFilter(StatusFilter):
    parameter_name = "state"
    words = status_text.REFUNDS


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = [
        "id",
        "order",
        "payer",
        "method",
        "status_label",
        "amount",
        "received",
        "refunded",
        "created",
        "desk",
    ]
    list_filter = [MethodFilter, PaymentStatusFilter, "created"]
    search_fields = ["=order__id", "transaction_id", "billing_email"]
    list_select_related = ["order"]
    amount = money_column("total", _("amount"))
    received = money_column("captured_amount", _("received"))
    refunded = money_column("refunded_amount", _("refunded"))
    fee_amount = money_column("fee", _("fee"))
    readonly_fields = [
        *("desk", "order", "payer", "method", "status_label", "amount", "received", "refunded", "fee_amount"),
        *("created", "submitted_at", "captured_at", "received_on", "recorded_by"),
        *("billing_email", "transaction_id", "session", "message", "next_poll_at", "modified"),
    ]
    fields = [*readonly_fields]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("refunds", "disputes")

    payer = column(_("payer"), lambda payment: payment.order.payer_name, ordering="order__payer_name")
    method = column(_("method"), gateways.gateway_label, ordering="variant")
    status_label = column(_("status"), lambda payment: str(status_text.payment_status(payment)), ordering="status")
    desk = column(_("at the desk"), lambda payment: link_to_desk("desk_order", payment.order_id))


class PaymentRowAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    """The admin page of rows that belong to a payment, with the payment's order, payer and method."""

    list_select_related = ["payment__order"]
    amount_text = money_column("amount", _("amount"), "payment.currency")

    order = column(_("order"), lambda row: str(row.payment.order), ordering="payment__order")
    payer = column(_("payer"), lambda row: row.payment.order.payer_name, ordering="payment__order__payer_name")
    method = column(_("method"), lambda row: gateways.gateway_label(row.payment), ordering="payment__variant")
    desk = column(_("at the desk"), lambda row: link_to_desk("desk_order", row.payment.order_id))


@admin.register(Refund)
class RefundAdmin(PaymentRowAdmin):
    list_display = [
        *(
            "id",
            "order",
            "payer",
            "method",
            "amount_text",
            "status_label",
            "note",
            "created_by",
            "created_at",
            "completed_at",
        ),
        "desk",
    ]
    list_filter = [RefundStatusFilter, "created_at"]
    list_select_related = ["payment__order", "created_by"]
    readonly_fields = [
        *("desk", "order", "payer", "payment", "method", "amount_text", "status_label", "origin", "note", "created_by"),
        *("created_at", "completed_at", "transaction_id", "message"),
    ]
    fields = [*readonly_fields]

    status_label = column(_("status"), lambda refund: str(status_text.refund_status(refund)), ordering="state")


@admin.register(Dispute)
class DisputeAdmin(PaymentRowAdmin):
    list_display = ["id", "order", "payer", "amount_text", "state", "reason", "opened_at", "closed_at", "desk"]
    list_filter = ["state", "opened_at"]
    held = money_column("credit_held", _("account credit on hold"), "payment.currency")
    readonly_fields = [
        *("desk", "order", "payer", "payment", "method", "amount_text", "state", "reason", "reference"),
        *("opened_at", "closed_at", "held", "hold_ended_at", "hold_ended_by"),
    ]
    fields = [*readonly_fields]


@admin.register(ProcessedWebhook)
class WebhookEventAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["received_at", "method", "kind", "outcome", "payment"]
    list_filter = [MethodFilter, "outcome", "received_at"]
    search_fields = ["=event_id", "=payment__order__id"]
    list_select_related = ["payment"]
    readonly_fields = ["received_at", "method", "kind", "event_id", "outcome", "payment"]
    fields = [*readonly_fields]

    method = column(_("method"), lambda event: gateways.method_label(event.variant), ordering="variant")
