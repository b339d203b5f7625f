"""Paying: begin an attempt, show a gateway's form, come back. The gateway is spoken to outside of any transaction."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from payments import PaymentError, PaymentStatus, RedirectNeeded

from billing import gateways, visit
from billing.domain import ledger, orders, payments
from billing.models import Order, Payment


def begin(order: Order, variant: str) -> HttpResponse:
    """Start an attempt and go where the gateway wants the payer to be."""
    try:
        payment = payments.start(order, variant, timezone.now())
    except payments.NothingOwed:
        return redirect(order.address())
    return _hand_over(payment)


def _hand_over(payment: Payment) -> HttpResponse:
    try:
        gateways.of(payment).get_form(payment)
    except RedirectNeeded as onward:
        return redirect(str(onward))
    except PaymentError as problem:
        payment.change_status(PaymentStatus.ERROR, str(problem))
        return redirect(payment.get_failure_url())
    return redirect("payment_attempt", token=payment.token)


@require_POST
def start(request: HttpRequest, number: int) -> HttpResponse:
    order = visit.find_order(request, number)
    variant = request.POST.get("way", "")
    if variant not in dict(gateways.offered()):
        return HttpResponse("There is no such way to pay.", status=400, content_type="text/plain")
    return begin(order, variant)


@require_http_methods(["GET", "HEAD", "POST"])
def attempt(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a gateway that has a form on our site. The token is secret; only the payer's browser has it."""
    payment = get_object_or_404(Payment.objects.select_related("order"), token=token)
    gateway = _gateway(payment.variant)
    if gateway.by_hand:
        raise Http404
    try:
        form = gateway.get_form(payment, request.POST if request.method == "POST" else None)
    except RedirectNeeded as onward:
        return redirect(str(onward))
    return render(request, "billing/attempt.html", {"payment": payment, "form": form, "gateway": gateway})


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def process(request: HttpRequest, token: str) -> HttpResponse:
    """Where a gateway sends the payer back to; what it says in the address is not believed."""
    payment = get_object_or_404(Payment.objects.select_related("order"), token=token)
    return _gateway(payment.variant).onward(payment)


@csrf_exempt
@require_POST
def hear(request: HttpRequest, variant: str) -> HttpResponse:
    try:
        _gateway(variant).hear(request.body, request.headers)
    except gateways.BadSignature:
        return HttpResponse(status=400)
    return HttpResponse()


def _gateway(variant: str) -> gateways.Gateway:
    try:
        return gateways.get(variant)
    except gateways.UnknownGateway:
        raise Http404 from None


@require_safe
def open_order(request: HttpRequest) -> HttpResponse:
    """`/payment/`: the order that waits for my payment."""
    user, last = visit.account(request), visit.last_placed(request)
    mine = Order.objects.visible_to(user) if user else Order.objects.filter(pk=last.pk if last else 0)
    waiting = mine.filter(state=Order.State.PLACED).first()
    return redirect(waiting.address()) if waiting else render(request, "billing/nothing_open.html")


@require_safe
def success(request: HttpRequest, number: int) -> HttpResponse:
    order = visit.find_order(request, number)
    return render(request, "billing/done.html", {"order": order, "owed": ledger.owed(order, timezone.now())})


@require_safe
def fail(request: HttpRequest, number: int) -> HttpResponse:
    order, at = visit.find_order(request, number), timezone.now()
    context = {
        "order": order,
        "owed": ledger.owed(order, at),
        "open": order.can_be_paid(at),
        "door": order.can_be_paid(at) and orders.allows_the_door(order),
        "ways": gateways.offered(),
        "last": order.payments.first(),
    }
    return render(request, "billing/fail.html", context)
