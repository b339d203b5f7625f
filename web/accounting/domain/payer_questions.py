"""Questions to the payer: a mail with a link to pay or to answer. The answer becomes a payment issue."""

from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounting.errors import AccountingRefused
from accounting.models import Finding, PayerQuestion
from billing.domain import payment_issues
from billing.models import Order, PaymentIssue
from common import links
from history.domain import record_action
from mailroom.domain import draft_message
from users.models import User

PURPOSE = "accounting.payer_question"
ANSWERABLE = timedelta(days=90)


@transaction.atomic
def send_question(order: Order, text: str, *, by: User, finding: Finding | None = None) -> PayerQuestion:
    if not order.payer_email:
        raise AccountingRefused("The order has no email.", code="no_email")
    question = PayerQuestion.objects.create(order=order, finding=finding, text=text, asked_by=by)
    record_action(by, "accounting.payer_asked", order, why=text, question=question.pk)
    draft_message(
        "accounting.payer_question",
        to=order.payer_email,
        person_id=order.payer_id,
        key=f"question:{question.pk}",
        data={"order_id": order.pk, "question_id": question.pk},
        about=("order", order.pk),
    )
    return question


def question_url(question: PayerQuestion) -> str:
    return reverse("order_question", args=[links.sign_token(PURPOSE, question.pk, question.nonce)])


def find_question(text: str) -> PayerQuestion | None:
    try:
        token = links.read_token(PURPOSE, text, ANSWERABLE)
    except links.LinkInvalid:
        return None
    question = PayerQuestion.objects.select_related("order", "finding__payment").filter(pk=token.pk).first()
    return question if question is not None and links.nonce_matches(token.nonce, question.nonce) else None


@transaction.atomic
def record_payer_answer(question: PayerQuestion, text: str) -> bool:
    """Store the first answer only. Return False if the question was already answered."""
    unanswered = PayerQuestion.objects.filter(pk=question.pk, answered_at=None)
    if not unanswered.update(answer=text, answered_at=timezone.now()):
        return False
    payment = question.finding.payment if question.finding else None
    payment_issues.open_issue(PaymentIssue.Kind.ANSWERED, question.order, f"{question.text} — {text}", payment)
    return True
