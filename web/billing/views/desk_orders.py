"""The desk's pages for orders: the list, one order, and the actions on it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing import session_cart
from billing.domain import product_kinds
from billing.domain.orders import amounts, due_dates, transitions, voucher_redemption
from billing.domain.orders.desk_actions import desk_actions
from billing.domain.orders.payments_in_progress import payment_in_progress, progress_text
from billing.domain.payments import attempts, gateway_polling
from billing.domain.payments.received_moments import moment_choices
from billing.domain.pricing import balances, credit
from billing.domain.refunds import handovers, reservations
from billing.domain.refunds.handovers import HAND_OVER
from billing.domain.refunds.order_snapshot import has_open_dispute
from billing.errors import (
    NoOpenBalance,
    OrderTransitionRefused,
    PaymentRefused,
    ProductUnavailable,
    RefundRefused,
)
from billing.forms import DueDateForm, RecordPaymentForm, RefundForm
from billing.forms.vouchers import VoucherCodeForm
from billing.models import Dispute, Order, OrderLine
from billing.models.orders import OrderQuerySet
from billing.views.payments import try_to_stop_payment
from common import search
from common.formats import format_date, format_money
from common.forms import ReasonForm
from common.money import ZERO, round_amount
from common.permissions import desk_action, desk_page
from users.domain import recent_history
from users.models import User

CLOSED = [Order.State.EXPIRED, Order.State.CANCELED]
Chosen = Callable[[OrderQuerySet], OrderQuerySet]
LISTED: dict[str, tuple[str | Promise, Chosen]] = {
    "open": (_("Not paid yet"), lambda orders: orders.filter(state=Order.State.PLACED)),
    "overdue": (_("Overdue"), lambda orders: orders.overdue(timezone.localdate()).order_by("due_date", "pk")),
    "paid": (_("Paid"), lambda orders: orders.filter(state=Order.State.PAID)),
    "closed": (_("Expired and canceled"), lambda orders: orders.filter(state__in=CLOSED)),
}


@desk_page("billing.view_order")
def list_orders(request: HttpRequest) -> HttpResponse:
    orders = Order.objects.placed().prefetch_related("lines", "payments__refunds", "payments__disputes")
    chosen, text = request.GET.get("show", ""), search.search_text(request)
    if chosen in LISTED:
        orders = LISTED[chosen][1](orders)
    number = _typed_number(text)
    if number is not None:
        orders = orders.filter(pk=number)
    else:
        for word in search.split_words(text):
            orders = orders.filter(_search_condition(word))
    page = Paginator(orders, 50).get_page(request.GET.get("page"))
    context = {"page": page, "q": text, "chosen": chosen, "choices": LISTED}
    return render(request, "billing/desk/orders.html", context)


def _typed_number(text: str) -> int | None:
    return search.read_number(text.removeprefix("#"))


def _search_condition(word: str) -> Q:
    """Match the payer, an item or its attendee, a product's short code, or an order number written after a #."""
    line_matches = Q(title__icontains=word) | Q(detail__icontains=word)
    for name, _label in product_kinds.installed_kinds():
        line_matches |= Q(kind=name, product_id__in=product_kinds.kind_named(name).search_products(word))
    matches = Q(payer_name__icontains=word) | Q(payer_email__icontains=word)
    matches |= Q(pk__in=OrderLine.objects.filter(line_matches).values("order"))
    number = _typed_number(word) if word.startswith("#") else None
    return matches if number is None else matches | Q(pk=number)


@desk_page("billing.view_order")
def show_order(request: HttpRequest, number: int) -> HttpResponse:
    return _desk_order_page(request, _order_or_404(number))


def _order_or_404(number: int) -> Order:
    return get_object_or_404(Order.objects.placed().select_related("payer", "discount_code", "entered_by"), pk=number)


def _desk_order_page(request: HttpRequest, order: Order, **refused: forms.Form) -> HttpResponse:
    at = timezone.now()
    has_expired = order.has_expired(at)
    owed = balances.balance_if_reinstated(order, at) if has_expired else balances.open_balance(order, at)
    received = balances.amount_received(order)
    progress = payment_in_progress(order, at)
    bill = balances.itemized_lines(order, at)
    disputes = Dispute.objects.filter(payment__order=order)
    action_forms: dict[str, forms.Form] = {
        "record_form": RecordPaymentForm(
            initial={"amount": round_amount(owed, order.currency)},
            has_expired=has_expired,
            moments=moment_choices(order, at),
        ),
        "voucher_form": VoucherCodeForm(),
        "due_form": DueDateForm(initial={"due_date": order.due_date}),
        "refund_form": RefundForm(),
        "cancel_form": ReasonForm(),
    }
    for name, form in (action_forms | refused).items():
        form.auto_id = f"{name}-%s"  # Several forms on the page have a field for the reason.
        form.initial["received"] = received
    context: dict[str, Any] = {
        "order": order,
        "bill": bill,
        "amounts": amounts.summarize_amounts(order, at),
        "price": "" if order.state == Order.State.PAID else amounts.amount_due_sentence(order, at),
        "lines": [item.line for item in bill if not item.line.canceled_at],
        "payments": order.payments.select_related("recorded_by").prefetch_related(
            "refunds__created_by", "refunds__payment", "disputes"
        ),
        "payment_issues": order.payment_issues.filter(closed_at=None),
        "in_progress": progress,
        "progress_text": progress_text(progress) if progress else "",
        "actions": desk_actions(order, has_expired=has_expired, owed=owed, received=received),
        "has_expired": has_expired,
        "owed": owed,
        "received": received,
        "surplus": balances.overpaid_amount(order) if order.state != Order.State.PLACED else 0,
        "credit": credit.credit_spent_on(order),
        "history_lines": recent_history.recent_history_of(order),
        "disputes": disputes,
        "in_dispute": any(dispute.state == Dispute.State.OPEN for dispute in disputes),
        "items_disputed": has_open_dispute(order),
    }
    context |= action_forms | refused
    return render(request, "billing/desk/order.html", context, status=400 if refused else 200)


def _perform_order_action(
    request: HttpRequest, number: int, name: str, form: forms.Form, action: Callable[[Order, User, dict[str, Any]], str]
) -> HttpResponse:
    """Check the form and perform the action. If the domain refuses it, show the page again with the reason."""
    order, user = _order_or_404(number), session_cart.require_account(request)
    if not form.is_valid():
        return _desk_order_page(request, order, **{name: form})
    try:
        messages.success(request, action(order, user, form.cleaned_data))
    except RefundRefused as refused:
        form.add_error(None, str(refused))
        return _desk_order_page(request, order, **{name: form})
    except NoOpenBalance:
        form.add_error(None, gettext("That is more than is due, or not a valid amount in this currency."))
        return _desk_order_page(request, order, **{name: form})
    except (
        OrderTransitionRefused,
        ProductUnavailable,
        PaymentRefused,
    ) as refused:
        form.add_error(None, str(refused))
        return _desk_order_page(request, order, **{name: form})
    return redirect("desk_order", number=number)


@desk_action("billing.add_payment")
def record_payment(request: HttpRequest, number: int) -> HttpResponse:
    def action(order: Order, by: User, data: dict[str, Any]) -> str:
        payment = attempts.record_desk_payment(order, by=by, **data)
        return gettext("Recorded: %(amount)s.") % {"amount": format_money(payment.total, order.currency)}

    order = _order_or_404(number)
    gateway_polling.close_outdated_attempts(order, timezone.now())
    has_expired, moments = order.has_expired(), moment_choices(order, timezone.now())
    return _perform_order_action(
        request,
        number,
        "record_form",
        RecordPaymentForm(request.POST, has_expired=has_expired, moments=moments),
        action,
    )


@desk_action("billing.add_payment")
def use_voucher(request: HttpRequest, number: int) -> HttpResponse:
    def action(order: Order, by: User, data: dict[str, Any]) -> str:
        paid = voucher_redemption.redeem_voucher_on_order(order, data["code"], timezone.now(), by=by)
        return gettext("The voucher has paid %(amount)s.") % {"amount": format_money(paid, order.currency)}

    gateway_polling.close_outdated_attempts(_order_or_404(number), timezone.now())
    return _perform_order_action(request, number, "voucher_form", VoucherCodeForm(request.POST), action)


@desk_action("billing.add_payment")
def stop_payment(request: HttpRequest, number: int) -> HttpResponse:
    try_to_stop_payment(request, _order_or_404(number), session_cart.require_account(request))
    return redirect("desk_order", number=number)


@desk_action("billing.change_order")
def set_due_date(request: HttpRequest, number: int) -> HttpResponse:
    def action(order: Order, by: User, data: dict[str, Any]) -> str:
        due_dates.set_due_date(order, data["due_date"], timezone.now(), why=data["why"], by=by)
        return gettext("Payment is due by %(date)s.") % {"date": format_date(data["due_date"])}

    return _perform_order_action(request, number, "due_form", DueDateForm(request.POST), action)


@desk_action("billing.change_order")
def request_payment(request: HttpRequest, number: int) -> HttpResponse:
    order = _order_or_404(number)
    try:
        due_dates.send_payment_request(order, timezone.now(), by=session_cart.require_account(request))
    except OrderTransitionRefused as refused:
        messages.error(request, str(refused))
    else:
        text = gettext("A payment link is being emailed to %(email)s.") % {"email": order.payer_email}
        messages.success(request, text)
    return redirect("desk_order", number=number)


@desk_action("billing.add_refund")
def refund_order(request: HttpRequest, number: int) -> HttpResponse:
    def action(order: Order, by: User, data: dict[str, Any]) -> str:
        refunds = reservations.refund_by_staff(order, by=by, **data)
        by_hand = sum((refund.amount for refund in refunds if handovers.awaits_handover(refund)), ZERO)
        started = gettext("Refund of %(amount)s started.") % {"amount": format_money(data["amount"], order.currency)}
        return f"{started} {HAND_OVER.format(format_money(by_hand, order.currency))}" if by_hand else started

    return _perform_order_action(request, number, "refund_form", RefundForm(request.POST), action)


@desk_action("billing.cancel_order")
def cancel_order(request: HttpRequest, number: int) -> HttpResponse:
    def action(order: Order, by: User, data: dict[str, Any]) -> str:
        transitions.cancel_unpaid_order(order, at=timezone.now(), by=by, why=data["why"])
        return gettext("The order is canceled.")

    return _perform_order_action(request, number, "cancel_form", ReasonForm(request.POST), action)
