"""Export, erasure and merging of what accounting stores about a person. Erasure keeps amounts and removes texts."""

from django.db.models import Model

from accounting.models import CashCount, Finding, PayerQuestion, Reconciliation
from billing.personal import move_staff_records, orders_of
from common.personal import MergeStep, PersonRecords

MODELS = {
    "accounting.PayerQuestion": "Questions about your orders, and your answers",
    "accounting.Finding": "Differences between our records and a payment company’s, and how they were resolved",
}
NOT_PERSONAL = {
    "accounting.Reconciliation": "Names only the member of staff who ran the comparison.",
    "accounting.GatewayStatement": "A part of such a comparison.",
    "accounting.CashCount": "Names only the member of staff who counted the cash.",
}
STAFF: list[tuple[type[Model], str]] = [
    (Reconciliation, "started_by"),
    (Finding, "closed_by"),
    (PayerQuestion, "asked_by"),
    (CashCount, "counted_by"),
]


def export(person: PersonRecords) -> dict[str, object]:
    orders = orders_of(person)
    sections = {
        "questions": [
            {"order": question.order.number, "question": question.text, "answer": question.answer}
            for question in PayerQuestion.objects.filter(order__in=orders).select_related("order")
        ],
        "differences": [
            {"order": finding.order.number, "difference": finding.get_verdict_display(), "reason": finding.note}
            for finding in Finding.objects.off().filter(order__in=orders).select_related("order")
            if finding.order is not None
        ],
    }
    return {name: value for name, value in sections.items() if value}


def erase(person: PersonRecords) -> None:
    orders = orders_of(person)
    PayerQuestion.objects.filter(order__in=orders).update(text="(erased)", answer="")
    Finding.objects.filter(order__in=orders).exclude(note="").update(note="(erased)")


def plan_merge(source: PersonRecords, target: PersonRecords) -> list[MergeStep]:
    # Questions and differences belong to an order, so they move with it.
    return move_staff_records(STAFF, source, target)
