from accounting.models.cash_counts import CashCount
from accounting.models.reconciliation import Finding, GatewayStatement, PayerQuestion, Reconciliation

__all__ = [
    "CashCount",
    "Finding",
    "GatewayStatement",
    "PayerQuestion",
    "Reconciliation",
]
