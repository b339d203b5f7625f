"""What a person must decide: opened once, closed with an answer."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from billing.models import Case, Order, Payment, Refund
from history.domain import record
from users.models import User


def open_ones() -> QuerySet[Case]:
    return Case.objects.filter(closed_at=None)


def open_case(kind: str, order: Order, text: str, payment: Payment | None = None) -> Case:
    case, _ = Case.objects.get_or_create(
        kind=kind, order=order, text=text[:500], closed_at=None, defaults={"payment": payment}
    )
    return case


def open_once(kind: str, order: Order, text: str, payment: Payment | None = None) -> Case:
    """For what a gateway tells again and again: an answer that was given stands."""
    same = Case.objects.filter(kind=kind, order=order, payment=payment, text=text[:500]).first()
    return same or open_case(kind, order, text, payment)


def refunds_to_hand_over(found: Iterable[Case]) -> dict[int, Refund]:
    """By the id of the issue: recording the handover of its refund closes it, and nothing else does."""
    mine = [case for case in found if case.kind == Case.Kind.HAND_BACK and case.payment_id and case.closed_at is None]
    payments = {case.payment_id for case in mine}
    waiting = Refund.objects.filter(payment__in=payments, state=Refund.State.SENT).select_related("payment")
    named = {f"(refund {refund.pk}).": refund for refund in waiting}
    ends = {case.pk: case.text[case.text.rfind("(") :] for case in mine}
    return {pk: named[end] for pk, end in ends.items() if end in named}


def settled(kind: str, payment: Payment, answer: str) -> None:
    """What became clear by itself."""
    payment.cases.filter(kind=kind, closed_at=None).update(closed_at=timezone.now(), answer=answer)


@transaction.atomic
def close(case: Case, *, answer: str, by: User) -> None:
    done = Case.objects.filter(pk=case.pk, closed_at=None).update(closed_at=timezone.now(), closed_by=by, answer=answer)
    if done:
        record(by, "billing.case_closed", case.order, why=answer, case=case.pk, kind=case.kind)
