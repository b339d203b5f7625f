"""Starting and stopping payments, returning from a gateway, and webhooks. No gateway is called inside a transaction."""

import logging
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import gateways, session_cart
from billing.domain.orders import amounts, reorder, transitions
from billing.domain.orders.payments_in_progress import payment_in_progress, progress_text
from billing.domain.payments import attempts, gateway_polling, payment_status_text, webhooks
from billing.domain.pricing import balances
from billing.errors import NoOpenBalance, NotRecordedYet, PaymentInProgress, WebhookRejected
from billing.models import Order, Payment
from common.errors import WorkFailure
from common.network import gateway_slot
from common.search import read_number
from common.throttle import rate_limited
from common.views import FORM_METHODS
from users.models import User

log = logging.getLogger(__name__)
LARGEST_MESSAGE = 256 * 1024
NO_ANSWER = _("The payment service doesn’t answer, so nothing has changed. Please try again in a minute.")


def redirect_to_gateway(request: HttpRequest, order: Order, variant: str) -> HttpResponse:
    try:
        payment = attempts.start_attempt(order, variant, timezone.now())
    except NoOpenBalance:
        return redirect(order.address())
    except PaymentInProgress as refused:
        messages.error(request, str(refused))
        return redirect(order.address())
    return redirect(attempts.open_gateway(payment))


@require_POST
def pay_order(request: HttpRequest, number: int) -> HttpResponse:
    order = session_cart.find_order(request, number)
    variant = request.POST.get("method", "")
    if variant not in dict(gateways.online_methods()):
        return _text_response(400, gettext("This payment method doesn’t exist."))
    gateway_polling.close_outdated_attempts(order, timezone.now())
    return redirect_to_gateway(request, order, variant)


@require_POST
def stop_own_payment(request: HttpRequest, number: int) -> HttpResponse:
    order = session_cart.find_order(request, number)
    try_to_stop_payment(request, order)
    return redirect(order.address())


def try_to_stop_payment(request: HttpRequest, order: Order, by: User | None = None) -> bool:
    """Stop the payment in progress and tell the user the result. Return False if it continues or already succeeded."""
    try:
        with gateway_slot():
            payment = gateway_polling.stop_payment(order, timezone.now(), by=by)
    except PaymentInProgress as refused:
        messages.error(request, str(refused))
    except (WorkFailure, gateways.UnknownGateway):
        messages.error(request, NO_ANSWER)
    else:
        is_paid = payment is not None and payment.captured_at is not None
        if is_paid:
            messages.success(request, gettext("The payment had already gone through."))
        elif payment is not None:
            messages.success(request, gettext("The payment was canceled. Nothing was charged."))
        return not is_paid
    return False


@csrf_exempt
@require_http_methods(FORM_METHODS)
def return_from_gateway(request: HttpRequest, token: str) -> HttpResponse:
    """Receive the payer from the gateway. The query string is not trusted, because anyone can write it."""
    payment = get_object_or_404(Payment.objects.select_related("order"), token=token)
    gateway = _gateway_or_404(payment.variant)
    gateway_polling.poll_returning_payer(payment, canceled="canceled" in request.GET)
    return gateway.redirect_after_payment(payment)


@csrf_exempt
@require_POST
@rate_limited("gateway message", by_address="1200/h")
def receive_webhook(request: HttpRequest, variant: str) -> HttpResponse:
    """Receive a webhook. Any status but 200 makes the gateway send it again, unless that would not help."""
    gateway = _gateway_or_404(variant)
    if (read_number(request.headers.get("Content-Length") or "") or 0) > LARGEST_MESSAGE:
        return _text_response(413, "Too long.")
    try:
        webhooks.process_webhook(variant, gateway.parse_webhook(request.body, request.headers))
    except WebhookRejected:
        return _text_response(400, "The signature doesn’t match.")
    except NotRecordedYet:
        return _text_response(409, "Not known here yet. Please send it again later.")
    except WorkFailure as fault:
        log.warning("A message of %s could not be read: %s", variant, fault)
        return _text_response(503, "Please send it again later.")
    return _text_response(200, "Thank you.")


def _text_response(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")


def _gateway_or_404(variant: str) -> gateways.Gateway:
    try:
        return gateways.gateway_named(variant)
    except gateways.UnknownGateway:
        raise Http404 from None


@require_safe
def find_order_to_pay(request: HttpRequest) -> HttpResponse:
    """Show the visitor's order that needs payment at `/payment/`, or a list if there are several."""
    to_pay = session_cart.orders_to_pay(request)
    if len(to_pay) > 1:
        return render(request, "billing/orders_to_pay.html", {"orders": to_pay})
    user, last = session_cart.account_of_request(request), session_cart.last_placed_order(request)
    own_orders = Order.objects.visible_to(user) if user else Order.objects.filter(pk=last.pk if last else 0)
    order = to_pay[0] if to_pay else own_orders.filter(state=Order.State.PLACED).first()
    return redirect(order.address()) if order else render(request, "billing/nothing_open.html")


def payment_context(order: Order, at: datetime) -> dict[str, Any]:
    """Say on the page of an order how it can be paid. The method tried last is listed first."""
    last, status = payment_status_text.last_attempt(order), payment_status_text.payment_text_of_order(order, at)
    last_variant = last.variant if last else ""
    methods = sorted(gateways.online_methods(), key=lambda method: method[0] != last_variant) if status.can_pay else []
    progress = payment_in_progress(order, at)
    return {
        "status": status,
        "shows_status": payment_status_text.adds_to_order_state(order, status),
        "owed": balances.open_balance(order, at),
        "price": "" if order.is_paid else amounts.amount_due_sentence(order, at),
        "methods": [method for method in methods if method[0] == progress.variant] if progress else methods,
        "in_progress": progress,
        "progress_text": progress_text(progress) if progress else "",
        "again": reorder.can_be_ordered_again(order, at),
        "door": status.can_pay and order.due_kind == Order.Due.NOW and transitions.can_be_paid_at_door(order),
    }
