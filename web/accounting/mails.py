"""The mails about reconciliation and questions to payers."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounting.domain import payer_questions
from accounting.domain.reconciliation import digest
from accounting.models import PayerQuestion, Reconciliation
from billing.mails import order_context, order_sample
from common.links import absolute_url
from mailroom.declare import AboutPage, Mail, MailNotNeeded
from mailroom.models import Message


def question_context(message: Message) -> dict[str, Any]:
    question = PayerQuestion.objects.filter(pk=message.data["question_id"], answered_at=None).first()
    if question is None:
        raise MailNotNeeded("The question is answered.")
    context = order_context(message)
    return context | {
        "question": question.text,
        "answer": absolute_url(payer_questions.question_url(question)),
        "open": lambda: bool(context["owed"]()) and question.order.can_be_paid(),
    }


def question_sample() -> dict[str, Any]:
    return order_sample() | {
        "question": "Your bank says that it paid, but nothing has arrived. Could you send us your bank statement?",
        "answer": absolute_url("/order/question/1/"),
        "open": True,
    }


def differences_context(message: Message) -> dict[str, Any]:
    run = Reconciliation.objects.filter(pk=message.data["run_id"]).first()
    if run is None:
        raise MailNotNeeded("The reconciliation no longer exists.")
    differences, unread = digest.open_findings_by_verdict(run), digest.unreadable_statements(run)
    if not differences and not unread:
        raise MailNotNeeded("Everything has been resolved.")
    return {
        "since": run.from_date,
        "until": run.to_date,
        "count": sum(count for _, count in differences) + len(unread),
        "differences": differences,
        "unread": [{"name": str(statement), "trouble": statement.error} for statement in unread],
        "link": absolute_url(reverse("desk_reconciliation", args=[run.pk])),
    }


def differences_sample() -> dict[str, Any]:
    day = timezone.localdate()
    return {
        "since": day,
        "until": day,
        "count": 4,
        "differences": [("Only in theirs", 1), ("Paid, but not opened", 2)],
        "unread": [{"name": "paypal", "trouble": "The gateway does not accept our API key."}],
        "link": absolute_url("/desk/reconciliation/1/"),
    }


MAILS = [
    Mail("accounting.payer_question", _("A question about your order"), question_context, question_sample),
    Mail("accounting.differences", _("Differences in reconciliation"), differences_context, differences_sample),
]

ABOUT = {
    "reconciliation": AboutPage(_("Reconciliation {}"), "desk_reconciliation", "accounting.view_reconciliation"),
}
