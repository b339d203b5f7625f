"""The mails about orders. Amounts and links are looked up when a mail is built, so that they are current."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing import gateways
from billing.domain import product_kinds, status_text
from billing.domain.orders import amounts
from billing.domain.orders.payments_in_progress import has_payment_processing
from billing.domain.payments import payment_status_text
from billing.domain.pricing import balances
from billing.domain.refunds import handovers, terms
from billing.models import CanceledBy, Dispute, Order, OrderLine, Refund, Voucher
from billing.voucher_kind import VoucherKind
from common import names
from common.formats import format_moment, format_money
from common.links import absolute_url
from mailroom.declare import AboutPage, Mail, MailNotNeeded, SecretText
from mailroom.models import Message


def _load_order(message: Message) -> Order | None:
    orders = Order.objects.prefetch_related("lines", "payments").filter(pk=message.data["order_id"])
    return orders.first()


def order_context(message: Message) -> dict[str, Any]:
    order = _load_order(message)
    if order is None:
        raise MailNotNeeded("The order no longer exists.")
    return _order_facts(order)


def _order_facts(order: Order) -> dict[str, Any]:
    at = timezone.now()
    received = cache(lambda: balances.amount_received(order))
    return {
        "number": order.number,
        "name": order.payer_name,
        "first_name": names.first_name(order.payer_name),
        "link": absolute_url(order.address()),
        "pay": absolute_url(order.address("payment_fail")),
        "payment_status": lambda: asdict(payment_status_text.payment_text_of_order(order, at)),
        "receipt": absolute_url(order.receipt_address),
        "lines": lambda: [_line_facts(item, order.currency) for item in balances.itemized_lines(order, at)],
        "line_terms": lambda: [_terms_facts(line_terms) for line_terms in terms.terms_of_lines(order, at)],
        "state": lambda: str(status_text.order_status(order, at)),
        "due_date": order.due_date if order.due_kind == Order.Due.DATE else None,
        "overdue": order.is_overdue(at),
        "until": timezone.localtime(order.held_until) if order.held_until else None,
        "owed": lambda: _money_or_nothing(balances.open_balance(order, at), order.currency),
        "price": lambda: amounts.amount_due_sentence(order, at),
        "handover": lambda: handovers.handover_text(order),
        "paid": lambda: format_money(received(), order.currency),
        "nothing_received": lambda: not received(),
        "free": lambda: amounts.is_free_order(order),
        "vouchers": lambda: [
            {"gift": voucher.gift, "recipient": voucher.recipient_name, "link": absolute_url(voucher.address)}
            for voucher in Voucher.objects.filter(line__in=_voucher_lines(order), voided_at=None)
        ],
    }


def _voucher_lines(order: Order) -> list[int]:
    return [line.pk for line in order.lines.all() if line.kind == VoucherKind.name]


def _money_or_nothing(amount: Decimal, currency: str) -> str:
    return format_money(amount, currency) if amount else ""


def _line_facts(item: balances.PricedLine, currency: str) -> dict[str, str]:
    amount = "" if item.line.is_canceled else format_money(item.total, currency)
    detail = item.line.detail.removesuffix(".")  # The amount follows after a colon.
    if item.line.exchanged_from:
        exchange = gettext("%(detail)s, instead of %(line)s")
        detail = exchange % {"detail": detail, "line": item.line.exchanged_from}
    return {"title": item.line.title, "detail": detail, "amount": amount}


def _terms_facts(line_terms: terms.LineTerms) -> dict[str, Any]:
    sentences = [*map(str, line_terms.sentences), *([line_terms.withdrawal] if line_terms.withdrawal else [])]
    return {"title": line_terms.line.title, "sentences": sentences}


def order_sample() -> dict[str, Any]:
    amount = format_money(Decimal(65), settings.CURRENCY)
    line = {"title": "Balboa 2", "detail": "Thursdays 7:00–8:00 PM", "amount": amount}
    half = format_money(Decimal("32.50"), settings.CURRENCY)
    return {
        "number": "1042",
        "name": "Alice Arden",
        "first_name": "Alice",
        "link": absolute_url("/order/1042/"),
        "pay": absolute_url("/payment/fail/1042"),
        "payment_status": {
            "text": "Your payment was declined.",
            "next_step": "Try another payment method.",
            "gateway_message": "Your card has expired.",
        },
        "receipt": absolute_url("/order/1042/receipt/"),
        "lines": [line],
        "line_terms": [
            {"title": "Balboa 2", "sentences": ["Until Thu, Sep 3, 2026, 6:00 PM you get everything back."]}
        ],
        "state": "Paid",
        "due_date": None,
        "overdue": False,
        "until": timezone.now(),
        "confirm": absolute_url("/order/1042/confirm/"),
        "by_then": status_text.deadline_text(timezone.now()),
        "owed": amount,
        "price": f"Please pay {amount} at the door.",
        "handover": "",
        "by_hand": False,
        "picked_up": True,
        "sentence": handovers.PICK_UP.format(amount),
        "paid": amount,
        "nothing_received": False,
        "free": False,
        "vouchers": [
            {"gift": format_money(Decimal(50), settings.CURRENCY), "recipient": "Rae", "link": settings.SITE_URL}
        ],
        "line": "Balboa 2",
        "subject": "Your spot in Balboa 2 is canceled",
        "refund": True,
        "by_attendee": False,
        "by_staff": False,
        "at": format_moment(timezone.now()),
        "ends": [{"title": "Balboa 2", "result": f"{half} refunded to the original payment method."}],
        "amount": amount,
        "honored": False,
    }


def order_received_context(message: Message) -> dict[str, Any]:
    order = _load_order(message)
    if order is None or order.state == Order.State.PAID:
        raise MailNotNeeded("The order was paid already.")
    return _order_facts(order)


def order_expired_context(message: Message) -> dict[str, Any]:
    order = _load_order(message)
    if order is None or order.state != Order.State.EXPIRED:
        raise MailNotNeeded("The order was restored.")
    return _order_facts(order)


def payment_request_context(message: Message) -> dict[str, Any]:
    order = _load_order(message)
    at = timezone.now()
    if (
        order is None
        or not order.can_be_paid(at)
        or not balances.open_balance(order, at)
        or has_payment_processing(order)
    ):
        raise MailNotNeeded("Nothing is owed anymore.")
    return _order_facts(order)


def canceled_line_context(message: Message) -> dict[str, Any]:
    """Describe all lines that were canceled together, and the refund of each."""
    line = OrderLine.objects.filter(pk=message.data["line_id"]).first()
    if line is None:
        raise MailNotNeeded("The order no longer exists.")
    lines = line.order.lines.filter(canceled_at=line.canceled_at).select_related("order")
    return order_context(message) | {
        "line": ", ".join(map(str, lines)),
        "subject": _canceled_subject(list(lines)),
        "refund": any(Decimal(canceled.cancellation["back"]) for canceled in lines if canceled.cancellation),
        "by_attendee": line.ended_by == CanceledBy.ATTENDEE,
        "by_staff": line.ended_by == CanceledBy.STAFF,
        "at": format_moment(datetime.fromisoformat(line.cancellation["at"])) if line.cancellation else "",
        "ends": [
            {"title": str(canceled), "result": status_text.cancellation_text(canceled)}
            for canceled in lines
            if canceled.cancellation
        ],
    }


def _canceled_subject(lines: Sequence[OrderLine]) -> str:
    first, *others = lines
    if others:
        return gettext("%(lines)s are canceled") % {"lines": ", ".join(map(str, lines))}
    try:
        return product_kinds.kind_of_line(first).canceled_sentence(first).removesuffix(".")
    except product_kinds.UnknownProductKind:
        return gettext("%(line)s is canceled") % {"line": first}


def spot_confirmation_context(message: Message) -> dict[str, Any]:
    order = _load_order(message)
    at = timezone.now()
    if order is None or not order.awaits_click or order.has_expired(at):
        raise MailNotNeeded("The order is confirmed, paid, canceled or over.")
    links = {
        "confirm": absolute_url(order.confirm_address),
        "by_then": status_text.deadline_text(order.held_until),
    }
    return _order_facts(order) | links


def late_payment_context(message: Message) -> dict[str, Any]:
    return order_context(message) | {"honored": message.data["honored"]}


def refund_ready_context(message: Message) -> dict[str, Any]:
    refund = Refund.objects.select_related("payment").get(pk=message.data["refund_id"])
    if not handovers.awaits_handover(refund):
        raise MailNotNeeded("The refund was handed over already.")
    sentence = handovers.handover_sentence(refund.payment, refund.amount)
    return refund_context(message) | {"picked_up": handovers.is_refund_picked_up(refund.payment), "sentence": sentence}


def refund_context(message: Message) -> dict[str, Any]:
    refund = Refund.objects.select_related("payment").get(pk=message.data["refund_id"])
    return order_context(message) | {
        "amount": format_money(refund.amount, refund.payment.currency),
        "onto_voucher": gateways.keeps_our_own_money(refund.payment),
        "by_hand": handovers.is_refunded_by_hand(refund.payment),
    }


def payment_pending_context(message: Message) -> dict[str, Any]:
    order = _load_order(message)
    if order is None or not has_payment_processing(order):
        raise MailNotNeeded("The bank has answered already.")
    return _order_facts(order)


def dispute_context(message: Message) -> dict[str, Any]:
    dispute = Dispute.objects.select_related("payment__order").get(pk=message.data["dispute_id"])
    order = dispute.payment.order
    return {
        "number": order.number,
        "amount": format_money(dispute.amount, dispute.payment.currency),
        "reason": dispute.reason,
        "is_open": dispute.state == Dispute.State.OPEN,
        "is_won": dispute.state == Dispute.State.WON,
        "link": absolute_url(reverse("desk_order", args=[order.pk])),
    }


def dispute_sample() -> dict[str, Any]:
    return {
        "number": "1042",
        "amount": format_money(Decimal(65), settings.CURRENCY),
        "reason": "fraudulent",
        "is_open": True,
        "is_won": False,
        "link": absolute_url("/desk/orders/1042/"),
    }


def voucher_context(message: Message) -> dict[str, Any]:
    voucher = Voucher.objects.filter(pk=message.data["voucher_id"], voided_at=None, balance__gt=0).first()
    if voucher is None:
        raise MailNotNeeded("The voucher is void or used up.")
    return {
        "gift": voucher.gift,
        "name": voucher.recipient_name,
        "first_name": names.first_name(voucher.recipient_name),
        "giver": voucher.giver_name,
        "message": voucher.message,
        "code": SecretText(voucher.grouped),
        "until": voucher.expires_on,
        "left": format_money(voucher.balance, voucher.currency),
        "link": absolute_url(voucher.address),
    }


def voucher_sample() -> dict[str, Any]:
    return {
        "gift": format_money(Decimal(50), settings.CURRENCY),
        "name": "Rae",
        "first_name": "Rae",
        "giver": "Alice",
        "message": "Come dancing with me!",
        "code": "CDFG-HJKM-NPQR",
        "until": timezone.localdate(),
        "left": format_money(Decimal(50), settings.CURRENCY),
        "link": absolute_url("/vouchers/1/"),
    }


def _declare_order_mail(name: str, title: str | Promise, context: Any = order_context) -> Mail:
    return Mail(f"billing.{name}", title, context, order_sample)


MAILS = [
    _declare_order_mail("confirm_spot", _("Please confirm your spot"), spot_confirmation_context),
    _declare_order_mail("order_received", _("Your order, with payment due later"), order_received_context),
    _declare_order_mail("receipt", _("Your receipt")),
    _declare_order_mail("hold_reminder", _("Your hold is about to expire"), payment_request_context),
    _declare_order_mail("payment_due", _("Payment is due"), payment_request_context),
    _declare_order_mail("payment_failed", _("Your payment didn’t go through"), payment_request_context),
    _declare_order_mail("payment_pending", _("Your payment is processing"), payment_pending_context),
    _declare_order_mail("order_expired", _("Your order has expired"), order_expired_context),
    _declare_order_mail("order_canceled", _("Your order is canceled")),
    _declare_order_mail("line_canceled", _("Part of your order is canceled"), canceled_line_context),
    _declare_order_mail("withdrawal_received", _("We’ve received your withdrawal"), canceled_line_context),
    _declare_order_mail("late_payment_received", _("Your payment arrived late"), late_payment_context),
    _declare_order_mail("refund_ready", _("Your refund is ready at the desk"), refund_ready_context),
    _declare_order_mail("refund_completed", _("Your refund"), refund_context),
    Mail("billing.dispute", _("A payment is disputed, for the office"), dispute_context, dispute_sample),
    *(
        Mail(f"billing.{name}", title, voucher_context, voucher_sample)
        for name, title in (
            ("voucher", _("A gift voucher for you")),
            ("voucher_expiring", _("Your gift voucher expires soon")),
        )
    ),
]

ABOUT = {
    "order": AboutPage(_("Order {}"), "desk_order", "billing.view_order"),
    "voucher": AboutPage(_("Gift voucher {}"), "desk_voucher", "billing.view_voucher"),
}
