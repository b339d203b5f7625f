"""Payment issues that the office has to resolve."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from billing.models import Order, Payment, PaymentIssue, Refund
from history.domain import record_action
from users.models import User


def open_issues() -> QuerySet[PaymentIssue]:
    return PaymentIssue.objects.filter(closed_at=None)


def open_issue(kind: str, order: Order, text: str, payment: Payment | None = None) -> PaymentIssue:
    case, _ = PaymentIssue.objects.get_or_create(
        kind=kind, order=order, description=text[:500], closed_at=None, defaults={"payment": payment}
    )
    return case


def open_issue_once(kind: str, order: Order, text: str, payment: Payment | None = None) -> PaymentIssue:
    """An issue that was already closed is not opened again, because gateways repeat their messages."""
    existing = PaymentIssue.objects.filter(kind=kind, order=order, payment=payment, description=text[:500]).first()
    return existing or open_issue(kind, order, text, payment)


def handover_refunds_by_issue(cases: Iterable[PaymentIssue]) -> dict[int, Refund]:
    """Returns refunds by the id of their issue. Such an issue is closed only by recording the handover."""
    handovers = [
        case
        for case in cases
        if case.kind == PaymentIssue.Kind.HAND_BACK and case.payment_id and case.closed_at is None
    ]
    payments = {case.payment_id for case in handovers}
    refunds = Refund.objects.filter(payment__in=payments, state=Refund.State.SENT).select_related("payment")
    refund_by_ending = {f"(refund {refund.pk}).": refund for refund in refunds}
    endings = {case.pk: case.description[case.description.rfind("(") :] for case in handovers}
    return {pk: refund_by_ending[ending] for pk, ending in endings.items() if ending in refund_by_ending}


def close_resolved_issues(kind: str, payment: Payment, answer: str) -> None:
    payment.cases.filter(kind=kind, closed_at=None).update(closed_at=timezone.now(), resolution=answer)


@transaction.atomic
def close_issue(case: PaymentIssue, *, answer: str, by: User) -> None:
    is_open = PaymentIssue.objects.filter(pk=case.pk, closed_at=None)
    if is_open.update(closed_at=timezone.now(), closed_by=by, resolution=answer):
        record_action(by, "billing.payment_issue_closed", case.order, why=answer, case=case.pk, kind=case.kind)
