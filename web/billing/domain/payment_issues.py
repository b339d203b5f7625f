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
    issue, _ = PaymentIssue.objects.get_or_create(
        kind=kind, order=order, description=text[:500], closed_at=None, defaults={"payment": payment}
    )
    return issue


def open_issue_once(kind: str, order: Order, text: str, payment: Payment | None = None) -> PaymentIssue:
    """An issue that was already closed is not opened again, because gateways repeat their messages."""
    existing = PaymentIssue.objects.filter(kind=kind, order=order, payment=payment, description=text[:500]).first()
    return existing or open_issue(kind, order, text, payment)


def handover_refunds_by_issue(issues: Iterable[PaymentIssue]) -> dict[int, Refund]:
    """Returns refunds by the id of their issue. Such an issue is closed only by recording the handover."""
    handovers = [
        issue
        for issue in issues
        if issue.kind == PaymentIssue.Kind.HAND_BACK and issue.payment_id and issue.closed_at is None
    ]
    payments = {issue.payment_id for issue in handovers}
    refunds = Refund.objects.filter(payment__in=payments, state=Refund.State.SENT).select_related("payment")
    refund_by_ending = {f"(refund {refund.pk}).": refund for refund in refunds}
    endings = {issue.pk: issue.description[issue.description.rfind("(") :] for issue in handovers}
    return {pk: refund_by_ending[ending] for pk, ending in endings.items() if ending in refund_by_ending}


def close_resolved_issues(kind: str, payment: Payment, answer: str) -> None:
    payment.payment_issues.filter(kind=kind, closed_at=None).update(closed_at=timezone.now(), resolution=answer)


@transaction.atomic
def close_issue(issue: PaymentIssue, *, answer: str, by: User) -> None:
    is_open = PaymentIssue.objects.filter(pk=issue.pk, closed_at=None)
    if is_open.update(closed_at=timezone.now(), closed_by=by, resolution=answer):
        record_action(by, "billing.payment_issue_closed", issue.order, why=answer, issue=issue.pk, kind=issue.kind)
