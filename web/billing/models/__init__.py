from billing.models.credit import Credit
from billing.models.discount_codes import Code
from billing.models.disputes import Dispute
from billing.models.orders import Adjustment, Order, OrderLine
from billing.models.payment_issues import Case
from billing.models.payments import Payment, Refund
from billing.models.vouchers import Voucher, VoucherEntry
from billing.models.webhooks import WebhookEvent

__all__ = [
    "Adjustment",
    "Case",
    "Code",
    "Credit",
    "Dispute",
    "Order",
    "OrderLine",
    "Payment",
    "Refund",
    "Voucher",
    "VoucherEntry",
    "WebhookEvent",
]
