"""Billing in Django's admin. Only discount codes are edited here; the desk moves money, because its pages enforce the
rules of each action."""

from billing.admin.credit import CreditAdmin, VoucherAdmin, VoucherEntryAdmin
from billing.admin.discount_codes import DiscountCodeAdmin
from billing.admin.orders import OrderAdmin, PaymentIssueAdmin
from billing.admin.payments import DisputeAdmin, PaymentAdmin, RefundAdmin, WebhookEventAdmin

__all__ = [
    "CreditAdmin",
    "DiscountCodeAdmin",
    "DisputeAdmin",
    "OrderAdmin",
    "PaymentAdmin",
    "PaymentIssueAdmin",
    "RefundAdmin",
    "VoucherAdmin",
    "VoucherEntryAdmin",
    "WebhookEventAdmin",
]
