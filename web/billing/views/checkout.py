"""The checkout: attendees and payer, then the price and the order. Reloading a page or going back is harmless."""

from django.conf import settings
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from billing import session_cart
from billing.domain import product_kinds
from billing.domain.orders import cart as carts
from billing.domain.orders import due_dates, placement, repeated_lines
from billing.domain.pricing import balances
from billing.domain.vouchers import redemption as vouchers
from billing.errors import DiscountCodeRefused, OrderAlreadyPlaced, OrderNotPlaced
from billing.forms import CheckoutCodeForm, PayerForm, PlaceOrderForm
from billing.models import Order
from billing.views.form_targets import leads_to_gateways
from billing.views.payments import redirect_to_gateway
from common.throttle import rate_limited, uncount_request
from common.views import FORM_METHODS
from users.domain import consents


@require_http_methods(FORM_METHODS)
@rate_limited("checkout", by_address="240/h")
def details(request: HttpRequest) -> HttpResponse:
    cart = session_cart.find_cart(request)
    if cart is None or not cart.lines.exists():
        return _redirect_without_cart(request)
    data = request.POST if request.method == "POST" else None
    steps = _questions_of_lines(request, carts.price_cart(cart, timezone.now()))
    asks_payer = _asks_payer(request, cart)
    if data is None and not steps and not asks_payer:
        return redirect("checkout_review")
    payer = PayerForm(data, instance=cart, initial=_initial_payer_data(request, cart)) if asks_payer else None
    forms = [*((step.item, step.form) for step in steps), *([("", payer)] if payer else [])]
    refused = [(item, form) for item, form in forms if data is not None and not form.is_valid()]
    if data is not None and not refused:
        if payer:
            session_cart.remember_payer(request, payer.save())
        for step in steps:
            step.save()
        return redirect("checkout_review")
    context = {
        "cart": cart,
        "steps": steps,
        "payer": payer,
        "refused": refused,
        "not_you": _typed_first_name(request, cart),
    }
    return render(request, "billing/checkout.html", context)


def _asks_payer(request: HttpRequest, cart: Order) -> bool:
    is_known = session_cart.account_of_request(request) is not None and cart.payer_name and cart.payer_email
    if not is_known or (settings.BILLING_ADDRESS and not cart.street):
        return True
    return "payer_name" in request.POST if request.method == "POST" else "change" in request.GET


def _typed_first_name(request: HttpRequest, cart: Order) -> str:
    typed = cart.payer_name or session_cart.remembered_payer(request).get("payer_name", "")
    return typed.split(maxsplit=1)[0] if typed and session_cart.account_of_request(request) is None else ""


@require_POST
def not_me(request: HttpRequest) -> HttpResponse:
    session_cart.forget_payer(request)
    return redirect("checkout")


class LineQuestions:
    """The questions that a product kind asks about one line of the cart."""

    def __init__(self, cart_line: carts.CartLine, form: Form, request: HttpRequest) -> None:
        self.seen, self.form, self.viewer = cart_line, form, session_cart.account_of_request(request)
        self.kind = product_kinds.kind_of_line(cart_line.line)
        self.template = self.kind.step_template

    @property
    def item(self) -> str:
        """Name the person and the product, so that an error says which of several forms on the page it is about."""
        return ", ".join(filter(None, [self.kind.attendee_label(self.seen.line), self.seen.description.title]))

    def save(self) -> None:
        self.kind.save_answers(self.seen.line, self.form, self.viewer)


def _questions_of_lines(request: HttpRequest, summary: carts.CartSummary) -> list[LineQuestions]:
    data = request.POST if request.method == "POST" else None
    viewer = session_cart.account_of_request(request)
    lines = [cart_line for cart_line in summary.lines if cart_line.price_facts]
    forms = [
        product_kinds.kind_of_line(cart_line.line).checkout_form(cart_line.line, viewer, data) for cart_line in lines
    ]
    return [
        LineQuestions(cart_line, form, request)
        for cart_line, form in zip(lines, forms, strict=True)
        if form is not None
    ]


def _initial_payer_data(request: HttpRequest, cart: Order) -> dict[str, str]:
    user, typed = session_cart.account_of_request(request), session_cart.remembered_payer(request)
    values = {
        "payer_name": cart.payer_name or (user.get_full_name() if user else typed.get("payer_name", "")),
        "payer_email": cart.payer_email or (user.email if user else typed.get("payer_email", "")),
        "city": cart.city or settings.DEFAULT_CITY,
        "area": cart.area or settings.DEFAULT_COUNTRY_AREA_STATE,
        "postcode": cart.postcode or settings.DEFAULT_POSTCODE,
        "country": cart.country or settings.DEFAULT_COUNTRY,
    }
    return {name: value for name, value in values.items() if value}


@require_http_methods(FORM_METHODS)
@rate_limited("code", by_address="60/h", by_account="30/h")
@leads_to_gateways
def code(request: HttpRequest) -> HttpResponse:
    """Apply a code. A refused code shows the review page at this address, which may then be opened by GET."""
    cart = session_cart.find_cart(request)
    form = CheckoutCodeForm(request.POST)
    if request.method != "POST" or cart is None or not form.is_valid():
        return redirect("checkout_review")
    try:
        carts.enter_code_or_voucher(cart, form.cleaned_data["code"], timezone.now())
    except DiscountCodeRefused as refused:
        form.add_error("code", str(refused))
        return _review_page(request, cart, code_form=form)
    uncount_request(request)
    return redirect("checkout_review")


@require_POST
def unchoose_voucher(request: HttpRequest, voucher: int) -> HttpResponse:
    cart = session_cart.find_cart(request)
    if cart is not None:
        vouchers.remove_chosen_voucher(cart, voucher)
    return redirect("checkout_review")


@require_http_methods(FORM_METHODS)
@rate_limited("place an order", by_address="120/h")
@leads_to_gateways
def review(request: HttpRequest) -> HttpResponse:
    cart = session_cart.find_cart(request)
    if cart is None or not cart.lines.exists():
        return _redirect_without_cart(request)
    if not cart.payer_email:
        return redirect("checkout")
    if request.method == "POST":
        return _place_order(request, cart)
    return _review_page(request, cart)


def _place_order(request: HttpRequest, cart: Order) -> HttpResponse:
    at = timezone.now()
    terms = terms_version()
    form = PlaceOrderForm(carts.price_cart(cart, at), terms, due_dates.due_date_for(cart.payer, at), request.POST)
    if not form.is_valid():
        return _review_page(request, cart, form, status=400)
    try:
        order = placement.place_order(cart, form.how, seen=form.seen, at=at)
    except OrderAlreadyPlaced:
        session_cart.remember_placed_order(request, cart)
        return redirect(cart.address())
    except OrderNotPlaced as refused:
        return _review_page(request, cart, form, problem=str(refused), status=409)
    session_cart.remember_placed_order(request, order)
    to_pay = order.state == Order.State.PLACED and order.due_kind == Order.Due.NOW
    return redirect_to_gateway(request, order, form.cleaned_data["method"]) if to_pay else redirect(order.address())


def _review_page(
    request: HttpRequest,
    cart: Order,
    form: PlaceOrderForm | None = None,
    *,
    code_form: CheckoutCodeForm | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """Show the current price and problems. The totals of a refused form may be outdated, so they are not shown."""
    at = timezone.now()
    summary = carts.price_cart(cart, at)
    form = form or PlaceOrderForm(summary, terms_version(), due_dates.due_date_for(cart.payer, at))
    lines = [cart_line.line for cart_line in summary.lines]
    earlier_lines = repeated_lines.repeated_in(lines, session_cart.placed_orders(request), at)
    # Each policy is shown once, even if several people are registered for the same class.
    policies = {
        (cart_line.description.title, tuple(cart_line.sentences), cart_line.withdrawal): cart_line
        for cart_line in summary.lines
        if cart_line.sentences
    }
    context = {
        "cart": cart,
        "policies": list(policies.values()),
        "repeated": [
            (
                cart_line,
                product_kinds.kind_of_line(cart_line.line).attendee_label(cart_line.line),
                earlier_lines[cart_line.line.pk].order,
            )
            for cart_line in summary.lines
            if cart_line.line.pk in earlier_lines
        ],
        "pays_now": bool(summary.total_after_vouchers) and not form.offers_later,
        "door_needs_click": summary.at_the_door and not request.user.is_authenticated,
        "summary": summary,
        "bill": balances.bill_lines(lines, summary.quote.now),
        "form": form,
        "code_form": code_form
        or CheckoutCodeForm(initial={"code": cart.discount_code.code if cart.discount_code else ""}),
        "problem": problem,
        "no_details": session_cart.knows_payer(request) and not _questions_of_lines(request, summary),
    }
    return render(request, "billing/review.html", context, status=status)


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
