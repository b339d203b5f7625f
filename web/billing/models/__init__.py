from billing.models.credit import Credit
from billing.models.discount_codes import DiscountCode
from billing.models.disputes import Dispute
from billing.models.orders import CanceledBy, Order, OrderLine
from billing.models.payment_issues import PaymentIssue
from billing.models.payments import Payment, Refund
from billing.models.vouchers import Voucher, VoucherEntry
from billing.models.webhooks import ProcessedWebhook

__all__ = [
    "CanceledBy",
    "Credit",
    "DiscountCode",
    "Dispute",
    "Order",
    "OrderLine",
    "Payment",
    "PaymentIssue",
    "ProcessedWebhook",
    "Refund",
    "Voucher",
    "VoucherEntry",
]
