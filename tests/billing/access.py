from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from billing.domain.vouchers import office
from billing.models import Order, Payment, PaymentIssue, Refund
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
        due_kind=Order.Due.DOOR,
        placed_at=now,
        paid_at=now,
    )
    school.line = school.order.lines.create(kind="gone", product_id=1, title="A class of old")
    school.payment = Payment.objects.create(order=school.order, variant="practice", total=70, currency="USD")
    school.refund = Refund.objects.create(payment=school.payment, amount=1)
    cash = {"variant": "cash", "total": 70, "captured_amount": 70, "currency": "USD", "status": "confirmed"}
    received = {"captured_at": now, "received_on": timezone.localdate(now), "recorded_by": school.ash}
    Payment.objects.create(order=school.order, **cash, **received, transaction_id="7")
    words = {"recipient_name": "Kit", "giver_name": "Alice", "message": "Dance!", "recipient_email": "kit@example.org"}
    school.voucher = office.issue_free_voucher(
        Decimal(50), None, words | {"deliver_on": timezone.localdate(now)}, why="A prize", by=school.ada
    )
    office.extend_voucher_expiry(school.voucher, timezone.localdate(now), why="x", by=school.ada)
    school.case = PaymentIssue.objects.create(
        order=school.order, kind=PaymentIssue.Kind.OTHER, description="Look at this"
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
    Row("checkout_not_me", NO_GET, post=AWAY, browse=False),
    Row("checkout_code", AWAY, post=AWAY, browse=False),
    Row("order", ALICE, args=order),
    Row("order_receipt", ALICE, args=order),
    Row("vouchers", EVERYBODY, post=AWAY),
    Row("voucher", EVERYBODY, args=voucher_key, note="whoever holds its address"),
    Row("voucher", NOBODY, args=lambda school: [str(school.voucher.pk)], note="guessed"),
    Row("checkout_unchoose_voucher", NO_GET, post=AWAY, args=lambda school: [school.voucher.pk], browse=False),
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
        "desk_refund_handed_over",
        DESK_GET,
        post="login 403 403 403 403 404",
        args=lambda school: [school.refund.pk],
        browse=False,
    ),
    Row("desk_payment_issues", OFFICE),
    Row("desk_close_payment_issue", DESK_GET, post=DESK_POST, args=lambda school: [school.case.pk], browse=False),
    Row("desk_credit", OFFICE),
    Row("desk_credit_hold", DESK_GET, post="login 403 403 403 403 404", args=lambda school: [1], browse=False),
    Row("desk_allow_pay_later", DESK_GET, post=DESK_POST, args=lambda school: [school.alice.pk], browse=False),
    Row("desk_credit_of", OFFICE, post=OFFICE, args=lambda school: [school.alice.pk]),
]
