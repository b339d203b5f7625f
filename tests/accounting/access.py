from types import SimpleNamespace

from django.utils import timezone

from accounting.domain import payer_questions
from accounting.models import CashCount, Finding, GatewayStatement, PayerQuestion, Reconciliation
from billing.models import Order, Payment
from common import links
from tests.access import EVERYBODY, OFFICE, Row

NOBODY = "404   404 404 404 404 404"
DESK_GET = "405   405 405 405 405 405"
DESK_POST = "login 403 403 403 403 302"


def stage(school: SimpleNamespace) -> None:
    now = timezone.now()
    today = timezone.localdate(now)
    order = Order.objects.create(
        payer_name="Pat Payer",
        payer_email="pat@example.org",
        currency="USD",
        state=Order.State.PAID,
        due_kind=Order.Due.DOOR,
        placed_at=now,
        paid_at=now,
    )
    line = order.lines.create(kind="gone", product_id=1, title="A class of old")
    payment = Payment.objects.create(order=order, variant="practice", total=70, currency="USD")
    school.run = Reconciliation.objects.create(
        from_date=today, to_date=today, cutoff=now, ended_at=now, started_by=school.ada
    )
    school.statement = GatewayStatement.objects.create(
        run=school.run, variant="practice", state=GatewayStatement.State.DONE, start=now, end=now, cursor=now
    )
    fields = {
        "statement": school.statement,
        "kind": "payment",
        "our_amount": 70,
        "our_currency": "USD",
        "our_at": now,
        "order": order,
    }
    their = {"reference": "pi_1", "their_amount": 70, "their_currency": "USD", "their_at": now, "fee": 2}
    school.finding = Finding.objects.create(
        verdict="only_theirs", fingerprint="a", payment=payment, payout="po_1", **fields, **their
    )
    Finding.objects.create(verdict="only_ours", fingerprint="b", payment=payment, **fields)
    Finding.objects.create(verdict="not_opened", fingerprint="c", line=line, **fields)
    Finding.objects.create(verdict="matched", payment=payment, payout="po_2", **fields, **their)
    school.question = PayerQuestion.objects.create(
        order=order, finding=school.finding, text="Did you pay?", asked_by=school.ada
    )
    CashCount.objects.create(
        day=today,
        variant="cash",
        currency="USD",
        expected=70,
        counted=69,
        reason="Change given wrongly",
        counted_by=school.ada,
    )


ROWS = [
    #                visitor student guardian teacher assistant admin
    Row("desk_reconciliations", OFFICE, post=OFFICE),
    Row("desk_reconciliation", OFFICE, args=lambda school: [school.run.pk]),
    Row("desk_reconciliation", OFFICE, args=lambda school: [school.run.pk], query="?show=all", note="everything"),
    Row("desk_reconciliation_progress", OFFICE, args=lambda school: [school.run.pk], browse=False),
    Row("desk_reconciliation_again", DESK_GET, post=DESK_POST, args=lambda school: [school.statement.pk], browse=False),
    Row("desk_finding", OFFICE, post="login 403 403 403 403 400", args=lambda school: [school.finding.pk]),
    Row("desk_day", OFFICE, post="login 403 403 403 403 400"),
    Row("desk_ledger", OFFICE),
    Row("desk_ledger_download", "login 403 403 403 403 400", note="no days", browse=False),
    Row("desk_ledger_download", OFFICE, query="?since=2026-01-01&until=2026-01-31", browse=False),
    Row(
        "order_question",
        EVERYBODY,
        post="400   400 400 400 400 400",
        args=lambda school: [links.sign_token(payer_questions.PURPOSE, school.question.pk, school.question.nonce)],
        note="whoever holds the mailed link",
    ),
    Row("order_question", NOBODY, post=NOBODY, args=lambda school: [school.question.pk], note="guessed"),
]
