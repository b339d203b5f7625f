from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from accounting.domain import payer_questions
from billing.domain.vouchers import office
from accounting.models import Book, Finding, Question, Reconciliation, TillCount
from billing.models import Case, Order, Payment, Refund
from billing.models.vouchers import PURPOSE
from common import links
from tests.access import EVERYBODY, MEMBERS, OFFICE, Row

NOBODY = "404   404 404 404 404 404"
ALICE = "404   200 404 404 404 404"
ALICES_POST = "404   302 404 404 404 404"
AWAY = "302   302 302 302 302 302"
NO_GET = "405   405 405 405 405 405"
DESK_GET = "405   405 405 405 405 405"
DESK_POST = "login 403 403 403 403 302"


def stage(school: SimpleNamespace) -> None:
    now = timezone.now()
    school.order = Order.objects.create(
        payer=school.alice,
        payer_name="Alice Arden",
        payer_email=school.alice.email,
        currency="USD",
        state=Order.State.PAID,
        due=Order.Due.DOOR,
        placed_at=now,
        paid_at=now,
    )
    school.line = school.order.lines.create(kind="gone", product_id=1, title="A class of old")
    school.payment = Payment.objects.create(order=school.order, variant="practice", total=70, currency="USD")
    school.refund = Refund.objects.create(payment=school.payment, amount=1)
    _reconciled(school, now)
    words = {"recipient_name": "Kit", "giver_name": "Alice", "message": "Dance!", "recipient_email": "kit@example.org"}
    school.voucher = office.issue_free_voucher(
        Decimal(50), None, words | {"give_on": timezone.localdate(now)}, why="A prize", by=school.ada
    )
    office.extend_voucher_expiry(school.voucher, timezone.localdate(now), why="x", by=school.ada)
    school.case = Case.objects.create(order=school.order, kind=Case.Kind.OTHER, text="Look at this")


def _reconciled(school: SimpleNamespace, now: datetime) -> None:
    today = timezone.localdate(now)
    school.run = Reconciliation.objects.create(since=today, until=today, cut=now, ended_at=now, by=school.ada)
    school.book = Book.objects.create(
        run=school.run, variant="practice", state=Book.State.DONE, start=now, end=now, cursor=now
    )
    fields = {
        "book": school.book,
        "kind": "payment",
        "our_amount": 70,
        "our_currency": "USD",
        "our_at": now,
        "order": school.order,
    }
    their = {"reference": "pi_1", "their_amount": 70, "their_currency": "USD", "their_at": now, "fee": 2}
    school.finding = Finding.objects.create(
        verdict="only_theirs", likeness="a", payment=school.payment, payout="po_1", **fields, **their
    )
    Finding.objects.create(verdict="only_ours", likeness="b", payment=school.payment, **fields)
    Finding.objects.create(verdict="not_opened", likeness="c", line=school.line, **fields)
    Finding.objects.create(verdict="matched", payment=school.payment, payout="po_2", **fields, **their)
    school.question = Question.objects.create(
        order=school.order, finding=school.finding, text="Did you pay?", by=school.ada
    )
    cash = {"variant": "cash", "total": 70, "captured_amount": 70, "currency": "USD", "status": "confirmed"}
    Payment.objects.create(
        order=school.order, **cash, captured_at=now, received_on=today, recorded_by=school.ash, transaction_id="7"
    )
    TillCount.objects.create(
        day=today, variant="cash", currency="USD", expected=70, counted=69, why="Change given wrongly", by=school.ada
    )


def order(school: SimpleNamespace) -> list[Any]:
    return [school.order.pk]


def voucher(school: SimpleNamespace) -> list[Any]:
    return [school.voucher.pk]


def voucher_key(school: SimpleNamespace) -> list[Any]:
    return [links.sign_token(PURPOSE, school.voucher.pk, school.voucher.nonce)]


def of_line(school: SimpleNamespace) -> list[Any]:
    return [school.order.pk, school.line.pk]


def token(school: SimpleNamespace) -> list[Any]:
    return [school.payment.token]


ROWS = [
    #                visitor student guardian teacher assistant admin
    Row("cart", EVERYBODY),
    Row("cart_remove", NO_GET, post=NOBODY, args=lambda school: [1], browse=False),
    Row("checkout", AWAY, post=AWAY),
    Row("checkout_review", AWAY, post=AWAY),
    Row("checkout_not_me", NO_GET, post=AWAY, browse=False),
    Row("checkout_code", AWAY, post=AWAY, browse=False),
    Row("order", ALICE, args=order),
    Row("order_receipt", ALICE, args=order),
    Row("vouchers", EVERYBODY, post="400   400 400 400 400 400"),
    Row("voucher", EVERYBODY, args=voucher_key, note="whoever holds its address"),
    Row("voucher", NOBODY, args=lambda school: [str(school.voucher.pk)], note="guessed"),
    Row("checkout_voucher_aside", NO_GET, post=AWAY, args=lambda school: [school.voucher.pk], browse=False),
    Row("order_voucher", NO_GET, post=ALICES_POST, args=order, browse=False),
    Row("desk_vouchers", OFFICE),
    Row("desk_voucher", OFFICE, args=voucher),
    Row("desk_voucher_issue", OFFICE, post="login 403 403 403 403 400"),
    Row("desk_voucher_extend", DESK_GET, post="login 403 403 403 403 400", args=voucher, browse=False),
    Row("desk_voucher_void", DESK_GET, post="login 403 403 403 403 400", args=voucher, browse=False),
    Row("order_stop_payment", NO_GET, post=ALICES_POST, args=order, browse=False),
    Row("order_door", NO_GET, post=ALICES_POST, args=order, browse=False),
    Row("order_confirm", NOBODY, post=NOBODY, args=order, note="guessed"),
    Row("order_link", NO_GET, post=ALICES_POST, args=order, browse=False),
    Row("order_again", NO_GET, post=ALICES_POST, args=order, browse=False),
    Row("order_cancel", ALICE, post="404   409 404 404 404 404", args=order),
    Row("order_cancel_line", ALICE, post="404   409 404 404 404 404", args=of_line),
    Row("order_pay", NO_GET, post="404 400 404 404 404 404", args=order, browse=False),
    Row("payment", EVERYBODY),
    Row("payment_success", ALICE, args=order),
    Row("payment_fail", ALICE, args=order),
    Row("payment_attempt", EVERYBODY, post=EVERYBODY, args=token, note="whoever has the secret token"),
    Row("process_payment", AWAY, post=AWAY, args=token, browse=False, note="whoever has the secret token"),
    Row("static_process_payment", NO_GET, post=NOBODY, args=lambda school: ["nobody"], browse=False),
    Row("my_orders", MEMBERS),
    Row("my_credit", MEMBERS),
    Row("desk_orders", OFFICE),
    Row("desk_order", OFFICE, args=order),
    Row("desk_record_payment", DESK_GET, post="login 403 403 403 403 400", args=order, browse=False),
    Row("desk_stop_payment", DESK_GET, post=DESK_POST, args=order, browse=False),
    Row("desk_use_voucher", DESK_GET, post="login 403 403 403 403 400", args=order, browse=False),
    Row("desk_pay_later", DESK_GET, post="login 403 403 403 403 400", args=order, browse=False),
    Row("desk_ask_payer", DESK_GET, post=DESK_POST, args=order, browse=False),
    Row("desk_refund", DESK_GET, post="login 403 403 403 403 400", args=order, browse=False),
    Row("desk_cancel_order", DESK_GET, post="login 403 403 403 403 400", args=order, browse=False),
    Row("desk_cancel_line", "login 403 403 403 403 409", post="login 403 403 403 403 409", args=of_line, browse=False),
    Row("desk_payments", OFFICE),
    Row(
        "desk_handed_back",
        DESK_GET,
        post="login 403 403 403 403 404",
        args=lambda school: [school.refund.pk],
        browse=False,
    ),
    Row("desk_cases", OFFICE),
    Row("desk_close_case", DESK_GET, post=DESK_POST, args=lambda school: [school.case.pk], browse=False),
    Row("desk_reconciliations", OFFICE, post=OFFICE),
    Row("desk_reconciliation", OFFICE, args=lambda school: [school.run.pk]),
    Row("desk_reconciliation", OFFICE, args=lambda school: [school.run.pk], query="?show=all", note="everything"),
    Row("desk_reconciliation_progress", OFFICE, args=lambda school: [school.run.pk], browse=False),
    Row("desk_reconciliation_again", DESK_GET, post=DESK_POST, args=lambda school: [school.book.pk], browse=False),
    Row("desk_finding", OFFICE, post="login 403 403 403 403 400", args=lambda school: [school.finding.pk]),
    Row("desk_day", OFFICE, post="login 403 403 403 403 400"),
    Row("desk_books", OFFICE),
    Row("desk_books_download", "login 403 403 403 403 400", note="no days", browse=False),
    Row("desk_books_download", OFFICE, query="?since=2026-01-01&until=2026-01-31", browse=False),
    Row(
        "order_question",
        EVERYBODY,
        post="400   400 400 400 400 400",
        args=lambda school: [links.sign_token(payer_questions.PURPOSE, school.question.pk, school.question.nonce)],
        note="whoever holds the mailed link",
    ),
    Row("order_question", NOBODY, post=NOBODY, args=lambda school: [school.question.pk], note="guessed"),
    Row("desk_credit", OFFICE),
    Row("desk_credit_hold", DESK_GET, post="login 403 403 403 403 404", args=lambda school: [1], browse=False),
    Row("desk_trust", DESK_GET, post=DESK_POST, args=lambda school: [school.alice.pk], browse=False),
    Row("desk_credit_of", OFFICE, post=OFFICE, args=lambda school: [school.alice.pk]),
]
