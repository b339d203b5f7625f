from billing.models.cases import Case
from billing.models.codes import Code
from billing.models.credit import Credit
from billing.models.heard import Dispute, WebhookEvent
from billing.models.orders import Adjustment, Order, OrderLine
from billing.models.payments import Payment, Refund

__all__ = ["Adjustment", "Case", "Code", "Credit", "Dispute", "Order", "OrderLine", "Payment", "Refund", "WebhookEvent"]
