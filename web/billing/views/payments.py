"""Starting and stopping payments, returning from a gateway, and webhooks. No gateway is called inside a transaction."""

import logging
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from payments import RedirectNeeded

from billing import gateways, session_cart
from billing.domain.orders import amounts, reorder, transitions
from billing.domain.orders.payments_in_progress import PaymentInProgress, payment_in_progress, progress_text
from billing.domain.payments import attempts, gateway_polling, payment_status_text, webhooks
from billing.domain.pricing import balances
from billing.models import Order, Payment
from billing.views.form_targets import leads_to_gateways
from common.errors import Trouble
from common.network import place_to_wait
from common.search import read_number
from common.throttle import throttled
from users.models import User

log = logging.getLogger(__name__)
LARGEST_MESSAGE = 256 * 1024
NO_ANSWER = "The payment service doesn’t answer, so nothing has changed. Please try again in a minute."


def begin(request: HttpRequest, order: Order, variant: str) -> HttpResponse:
    gateway_polling.close_overdue(order, timezone.now())
    try:
        payment = attempts.start(order, variant, timezone.now())
        attempts.page(payment)
    except attempts.NothingOwed:
        return redirect(order.address())
    except PaymentInProgress as refused:
        messages.error(request, str(refused))
        return redirect(order.address())
    except RedirectNeeded as onward:
        return redirect(str(onward))
    return redirect("payment_attempt", token=payment.token)


@require_POST
def start(request: HttpRequest, number: int) -> HttpResponse:
    order = session_cart.find_order(request, number)
    variant = request.POST.get("way", "")
    if variant not in dict(gateways.offered()):
        return HttpResponse("This payment method doesn’t exist.", status=400, content_type="text/plain")
    return begin(request, order, variant)


@require_POST
def stop(request: HttpRequest, number: int) -> HttpResponse:
    order = session_cart.find_order(request, number)
    try_to_stop(request, order)
    return redirect(order.address())


def try_to_stop(request: HttpRequest, order: Order, by: User | None = None) -> bool:
    """Stop the payment in progress and tell the user the result. Return False if it continues or already succeeded."""
    try:
        with place_to_wait():
            payment = gateway_polling.stop_payment(order, timezone.now(), by=by)
    except PaymentInProgress as refused:
        messages.error(request, str(refused))
    except (Trouble, gateways.UnknownGateway):
        messages.error(request, NO_ANSWER)
    else:
        is_paid = payment is not None and payment.captured_at is not None
        if is_paid:
            messages.success(request, "The payment had already gone through.")
        elif payment is not None:
            messages.success(request, "The payment was canceled. Nothing was charged.")
        return not is_paid
    return False


@require_http_methods(["GET", "HEAD", "POST"])
@leads_to_gateways
def attempt(request: HttpRequest, token: str) -> HttpResponse:
    """Show the form of a gateway on our own site. Only the payer's browser knows the token."""
    payment = get_object_or_404(Payment.objects.select_related("order"), token=token)
    gateway = _gateway(payment.variant)
    if gateway.by_hand:
        raise Http404
    try:
        form = attempts.page(payment, request.POST if request.method == "POST" else None)
    except RedirectNeeded as onward:
        return redirect(str(onward))
    return render(request, "billing/attempt.html", {"payment": payment, "form": form, "gateway": gateway})


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def process(request: HttpRequest, token: str) -> HttpResponse:
    """Receive the payer from the gateway. The query string is not trusted, because anyone can write it."""
    payment = get_object_or_404(Payment.objects.select_related("order"), token=token)
    gateway = _gateway(payment.variant)
    gateway_polling.returned(payment, canceled="canceled" in request.GET)
    return gateway.redirect_after_payment(payment)


@csrf_exempt
@require_POST
@throttled("gateway message", by_address="1200/h")
def hear(request: HttpRequest, variant: str) -> HttpResponse:
    """Receive a webhook. Any status but 200 makes the gateway send it again, unless that would not help."""
    gateway = _gateway(variant)
    if (read_number(request.headers.get("Content-Length") or "") or 0) > LARGEST_MESSAGE:
        return _said(413, "Too long.")
    try:
        webhooks.take(variant, gateway.parse_webhook(request.body, request.headers))
    except gateways.BadSignature:
        return _said(400, "The signature doesn’t match.")
    except webhooks.NotYet:
        return _said(409, "Not known here yet. Please send it again later.")
    except Trouble as fault:
        log.warning("A message of %s could not be read: %s", variant, fault)
        return _said(503, "Please send it again later.")
    return _said(200, "Thank you.")


def _said(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")


def _gateway(variant: str) -> gateways.Gateway:
    try:
        return gateways.get(variant)
    except gateways.UnknownGateway:
        raise Http404 from None


@require_safe
def open_order(request: HttpRequest) -> HttpResponse:
    """Show the visitor's order that needs payment at `/payment/`, or a list if there are several."""
    to_pay = session_cart.orders_to_pay(request)
    if len(to_pay) > 1:
        return render(request, "billing/orders_to_pay.html", {"orders": to_pay})
    user, last = session_cart.account(request), session_cart.last_placed(request)
    own_orders = Order.objects.visible_to(user) if user else Order.objects.filter(pk=last.pk if last else 0)
    order = to_pay[0] if to_pay else own_orders.filter(state=Order.State.PLACED).first()
    return redirect(order.address()) if order else render(request, "billing/nothing_open.html")


@require_safe
@never_cache
@leads_to_gateways
def result(request: HttpRequest, number: int) -> HttpResponse:
    order, at = session_cart.find_order(request, number), timezone.now()
    return render(request, "billing/result.html", {"order": order} | about_paying(order, at))


def about_paying(order: Order, at: datetime) -> dict[str, Any]:
    """Build the context that the order page and the result page share. The method tried last is listed first."""
    last, status = order.payments.first(), payment_status_text.of(order, at)
    last_variant = last.variant if last else ""
    methods = sorted(gateways.offered(), key=lambda method: method[0] != last_variant) if status.can_pay else []
    progress = payment_in_progress(order, at)
    return {
        "told": status,
        "news": payment_status_text.is_news(order, status),
        "owed": balances.owed(order, at),
        "price": amounts.price_sentence(order, at),
        "ways": [method for method in methods if method[0] == progress.variant] if progress else methods,
        "in_progress": progress,
        "progress_text": progress_text(progress) if progress else "",
        "again": reorder.can_be_ordered_again(order, at),
        "door": status.can_pay and order.due == Order.Due.NOW and transitions.allows_the_door(order),
    }
