from accounting.models.cash_counts import TillCount
from accounting.models.reconciliation import Book, Finding, Question, Reconciliation

__all__ = [
    "Book",
    "Finding",
    "Question",
    "Reconciliation",
    "TillCount",
]
