"""The checkout: one page that says what the order costs, and asks who pays and how. Every post answers with a redirect,
so reloading a page or going back is harmless."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from billing import session_cart
from billing.domain.orders import cart as carts
from billing.domain.orders import due_dates, placement, repeated_lines
from billing.domain.product_kinds import ProductKind
from billing.domain.vouchers import redemption as vouchers
from billing.errors import DiscountCodeRefused, OrderAlreadyPlaced, OrderNotPlaced
from billing.forms import CheckoutCodeForm, PayerForm, PlaceOrderForm
from billing.models import Order
from billing.views.form_targets import leads_to_gateways
from billing.views.payments import redirect_to_gateway
from common.kept_forms import KeptForm, keep_and_redirect, take_kept_form
from common.throttle import rate_limited, uncount_request
from common.views import FORM_METHODS
from users.domain import consents


@require_http_methods(FORM_METHODS)
@rate_limited("place an order", by_address="120/h")
@leads_to_gateways
def checkout(request: HttpRequest) -> HttpResponse:
    cart = session_cart.find_cart(request)
    if cart is not None and request.method == "POST":
        return _submit_order(request, cart)
    if cart is not None:
        prefetch_related_objects([cart], "lines")
    if cart is None or not cart.lines.all():
        return _redirect_without_cart(request)
    return render(request, "billing/checkout.html", _checkout_context(request, cart, take_kept_form(request)))


class LineQuestions:
    """The questions that a product kind asks about one line of the cart."""

    def __init__(self, cart_line: carts.CartLine, kind: ProductKind, form: Form, request: HttpRequest) -> None:
        self.seen, self.kind, self.form = cart_line, kind, form
        self.viewer = session_cart.account_of_request(request)
        self.template = kind.step_template

    @property
    def item(self) -> str:
        """Name the person and the product, so that an error says which of several forms on the page it is about."""
        return ", ".join(filter(None, [self.seen.attendee_label, self.seen.description.title]))

    def save(self) -> None:
        self.kind.save_answers(self.seen.line, self.form, self.viewer)


def _questions_of_lines(
    request: HttpRequest, snapshot: carts.CartSnapshot, data: Mapping[str, Any] | None
) -> list[LineQuestions]:
    viewer = session_cart.account_of_request(request)
    return [
        LineQuestions(row, row.kind, form, request)
        for row in snapshot.lines
        if row.kind and (form := row.kind.checkout_form(row.line, viewer, data)) is not None
    ]


# -- placing the order -------------------------------------------------------------------------------------------


def _submit_order(request: HttpRequest, cart: Order) -> HttpResponse:
    at = timezone.now()
    is_payer_asked = _is_payer_asked(request, cart, request.POST)
    payer = PayerForm(request.POST, instance=cart) if is_payer_asked else None
    # Only a page with questions is read twice: before the order is locked, and then again.
    asked = _questions_of_lines(request, carts.price_cart(cart, at), request.POST) if "asked" in request.POST else []
    form = PlaceOrderForm(terms_version(), due_dates.due_date_for(cart.payer, at), request.POST)
    if not all([form.is_valid(), payer is None or payer.is_valid(), *(each.form.is_valid() for each in asked)]):
        return keep_and_redirect(request, "checkout")
    for each in asked:
        each.save()
    return _place_order(request, cart, form, payer.cleaned_data if payer else {}, at)


def _place_order(
    request: HttpRequest, cart: Order, form: PlaceOrderForm, payer: dict[str, str], at: datetime
) -> HttpResponse:
    if payer:
        session_cart.remember_payer(request, payer)
    try:
        order = placement.place_order(cart, replace(form.how, payer_details=payer), seen=form.seen, at=at)
    except OrderAlreadyPlaced:
        session_cart.remember_placed_order(request, cart)
        return redirect(cart.address())
    except OrderNotPlaced as refused:
        return keep_and_redirect(request, "checkout", problem=str(refused))
    session_cart.remember_placed_order(request, order)
    to_pay = order.state == Order.State.PLACED and order.due_kind == Order.Due.NOW
    method = form.cleaned_data.get("method", "")
    return redirect_to_gateway(request, order, method) if to_pay and method else redirect(order.address())


def terms_version() -> str:
    """Return the version of the terms that a payer agrees to, or "" if the school has published none."""
    return consents.consent_versions().get("terms", "")


def _redirect_without_cart(request: HttpRequest) -> HttpResponse:
    # After the browser's back button, a reload or a second click, the visitor sees the order that was just placed.
    orders = (
        [session_cart.last_placed_order(request)] if request.method == "POST" else session_cart.orders_to_pay(request)
    )
    order = orders[0] if orders else None
    return redirect(order.address()) if order else redirect("cart")


# -- the page ----------------------------------------------------------------------------------------------------


def _checkout_context(request: HttpRequest, cart: Order, kept: KeptForm | None) -> dict[str, Any]:
    """Show the current price and problems. The totals of a refused form may be outdated, so they are not shown."""
    at = timezone.now()
    checked = kept.data if kept and kept.is_checked else None
    typed = kept.data if kept and not kept.is_checked else None
    is_payer_asked = _is_payer_asked(request, cart, kept.data if kept else request.GET)
    for name, value in session_cart.remembered_payer(request).items():
        setattr(cart, name, getattr(cart, name) or value)
    initial = _initial_payer_data(request, cart) | ({name: typed[name] for name in typed} if typed else {})
    payer = PayerForm(checked, instance=cart, initial=initial) if is_payer_asked else None
    snapshot = carts.price_cart(cart, at)
    form = PlaceOrderForm(
        terms_version(), due_dates.due_date_for(cart.payer, at), checked, snapshot=snapshot, initial=typed
    )
    steps = _questions_of_lines(request, snapshot, checked)
    forms = [*((step.item, step.form) for step in steps), *([("", payer)] if payer else []), ("", form)]
    return {
        "cart": cart,
        "summary": snapshot,
        "steps": steps,
        "payer": payer,
        "form": form,
        "refused": [(item, each) for item, each in forms if checked and not each.is_valid()],
        "problem": kept.problem if kept else "",
        "code_form": _code_form(cart, kept),
        "not_you": _remembered_first_name(request, cart),
        "pays_now": bool(snapshot.total_after_vouchers) and not form.offers_later,
        "door_needs_click": snapshot.at_the_door and not request.user.is_authenticated,
        "policies": _distinct_policies(snapshot),
        "repeated": _repeated_lines(request, snapshot, at),
    }


def _is_payer_asked(request: HttpRequest, cart: Order, data: Mapping[str, Any]) -> bool:
    is_known = session_cart.account_of_request(request) is not None and cart.payer_name and cart.payer_email
    if not is_known or (settings.BILLING_ADDRESS and not cart.street):
        return True
    return "payer_name" in data or "change" in data


def _initial_payer_data(request: HttpRequest, cart: Order) -> dict[str, str]:
    user = session_cart.account_of_request(request)
    values = {
        "payer_name": cart.payer_name or (user.get_full_name() if user else ""),
        "payer_email": cart.payer_email or (user.email if user else ""),
        "city": cart.city or settings.DEFAULT_CITY,
        "area": cart.area or settings.DEFAULT_COUNTRY_AREA_STATE,
        "postcode": cart.postcode or settings.DEFAULT_POSTCODE,
        "country": cart.country or settings.DEFAULT_COUNTRY,
    }
    return {name: value for name, value in values.items() if value}


def _remembered_first_name(request: HttpRequest, cart: Order) -> str:
    is_known = session_cart.account_of_request(request) is not None
    return cart.payer_name.split(maxsplit=1)[0] if cart.payer_name and not is_known else ""


def _code_form(cart: Order, kept: KeptForm | None) -> CheckoutCodeForm:
    problem = kept.errors.get("code", "") if kept else ""
    form = CheckoutCodeForm(
        kept.data if kept and problem else None,
        initial={"code": cart.discount_code.code if cart.discount_code else ""},
    )
    if problem:
        form.add_error("code", problem)
    return form


def _distinct_policies(snapshot: carts.CartSnapshot) -> list[carts.CartLine]:
    # Each policy is shown once, even if several people are registered for the same class.
    policies = {(row.description.title, tuple(row.sentences), row.withdrawal): row for row in snapshot.lines}
    return [row for row in policies.values() if row.sentences]


def _repeated_lines(
    request: HttpRequest, snapshot: carts.CartSnapshot, at: datetime
) -> list[tuple[carts.CartLine, Order]]:
    lines = [row.line for row in snapshot.lines]
    earlier = repeated_lines.repeated_in(lines, session_cart.placed_orders(request), at)
    return [(row, earlier[row.line.pk].order) for row in snapshot.lines if row.line.pk in earlier]


# -- the buttons beside it ---------------------------------------------------------------------------------------


@require_POST
def not_me(request: HttpRequest) -> HttpResponse:
    session_cart.forget_payer(request)
    return redirect("checkout")


@require_http_methods(FORM_METHODS)
@rate_limited("code", by_address="60/h", by_account="30/h")
def code(request: HttpRequest) -> HttpResponse:
    """Apply a code. The page keeps what was typed about the payer so far."""
    cart = session_cart.find_cart(request)
    form = CheckoutCodeForm(request.POST)
    if request.method != "POST" or cart is None or not form.is_valid():
        return redirect("checkout")
    try:
        carts.enter_code_or_voucher(cart, form.cleaned_data["code"], timezone.now())
    except DiscountCodeRefused as refused:
        return keep_and_redirect(request, "checkout", is_checked=False, code=str(refused))
    uncount_request(request)
    return keep_and_redirect(request, "checkout", is_checked=False)


@require_POST
def unchoose_voucher(request: HttpRequest, voucher: int) -> HttpResponse:
    cart = session_cart.find_cart(request)
    if cart is not None:
        vouchers.remove_chosen_voucher(cart, voucher)
    return redirect("checkout")
