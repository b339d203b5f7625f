"""The books in Django's admin: to look things up. Money moves at the desk, where each act has its rules; codes are
edited here."""

from billing.admin.credit import CreditAdmin, VoucherAdmin, VoucherEntryAdmin
from billing.admin.discount_codes import CodeAdmin
from billing.admin.orders import CaseAdmin, OrderAdmin
from billing.admin.payments import DisputeAdmin, PaymentAdmin, RefundAdmin, WebhookEventAdmin

__all__ = [
    "CaseAdmin",
    "CodeAdmin",
    "CreditAdmin",
    "DisputeAdmin",
    "OrderAdmin",
    "PaymentAdmin",
    "RefundAdmin",
    "VoucherAdmin",
    "VoucherEntryAdmin",
    "WebhookEventAdmin",
]
