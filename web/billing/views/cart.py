from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing import session_cart
from billing.domain.orders import cart as carts


@require_safe
def show_cart(request: HttpRequest) -> HttpResponse:
    cart = session_cart.find_cart(request)
    summary = carts.price_cart(cart, timezone.now()) if cart else None
    context = {"cart": cart, "summary": summary, "to_pay": session_cart.orders_to_pay(request)}
    return render(request, "billing/cart.html", context)


@require_POST
def remove_from_cart(request: HttpRequest, number: int) -> HttpResponse:
    cart = session_cart.find_cart(request)
    if cart is None or not cart.lines.filter(pk=number).exists():
        raise Http404
    if warning := carts.remove_line(cart, number, timezone.now()):
        messages.warning(request, warning)
    return redirect("cart")
