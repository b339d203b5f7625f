"""The visitor's cart and the orders that the visitor may see: by account, session or an order's secret address."""

from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest
from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.models import Order
from billing.models.orders import CONFIRM
from common import links
from users.models import User

KEY_AGE = timedelta(days=730)
CART = "cart"
DESK_CART = "desk_cart"
ITEM_COUNT = "SELECT COUNT(*) FROM billing_orderline WHERE order_id = billing_order.id AND canceled_at IS NULL"
IS_PROCESSING = "EXISTS (SELECT 1 FROM billing_payment WHERE order_id = billing_order.id AND status = 'preauth')"
PLACED = "placed_orders"
PAYER = "payer"
PAY_UNTIL = "pay_until"
"""The session key of a time in UTC. After that time the session's orders are no longer queried."""


def account_of_request(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def knows_payer(request: HttpRequest) -> bool:
    # A billing address is asked for each time, because it may change with each order.
    return account_of_request(request) is not None and not settings.BILLING_ADDRESS


def require_account(request: HttpRequest) -> User:
    user = account_of_request(request)
    if user is None:
        raise PermissionDenied
    return user


def find_cart(request: HttpRequest) -> Order | None:
    user = account_of_request(request)
    if user is not None:
        return carts.find_cart_of_account(user)
    number = request.session.get(CART)
    return Order.objects.filter(pk=number, state=Order.State.CART, payer=None).first() if number else None


def find_or_create_cart(request: HttpRequest) -> Order:
    visitor_cart = find_cart(request)
    if visitor_cart is None:
        visitor_cart = carts.create_cart(account_of_request(request))
        request.session[CART] = visitor_cart.pk
    return visitor_cart


def find_desk_cart(request: HttpRequest) -> Order | None:
    """Return the order that is being entered at the desk in this browser."""
    number = request.session.get(DESK_CART)
    desk_carts = Order.objects.filter(pk=number or 0, state=Order.State.CART, payer=None).prefetch_related("lines")
    return desk_carts.first() if number else None


def remember_desk_cart(request: HttpRequest, cart: Order) -> None:
    request.session[DESK_CART] = cart.pk


def merge_carts_after_login(request: HttpRequest, user: User) -> None:
    # Logging in changes the key of the session but keeps its data.
    number = request.session.pop(CART, None)
    visitor_cart = Order.objects.filter(pk=number, state=Order.State.CART).first() if number else None
    if visitor_cart is not None:
        carts.merge_into_account_cart(visitor_cart, user)


def remember_payer(request: HttpRequest, payer: Mapping[str, str]) -> None:
    if account_of_request(request) is None:
        request.session[PAYER] = {name: payer[name] for name in ("payer_name", "payer_email")}


def remembered_payer(request: HttpRequest) -> dict[str, str]:
    payer: dict[str, str] = request.session.get(PAYER, {}) if account_of_request(request) is None else {}
    return payer


def forget_payer(request: HttpRequest) -> None:
    request.session.pop(PAYER, None)
    visitor_cart = find_cart(request)
    if visitor_cart is not None and visitor_cart.payer is None:
        visitor_cart.payer_name = visitor_cart.payer_email = ""
        visitor_cart.save(update_fields=["payer_name", "payer_email"])


def remember_placed_order(request: HttpRequest, order: Order) -> None:
    request.session[PLACED] = [*request.session.get(PLACED, []), order.pk][-20:]
    request.session.pop(CART, None)
    remember_hold(request, order)


def remember_hold(request: HttpRequest, order: Order) -> None:
    """Remember the end of the hold, so that each page links to the order in the browser that placed it until then."""
    if order.held_until is not None and placed_in_this_session(request, order):
        request.session[PAY_UNTIL] = max(request.session.get(PAY_UNTIL, ""), order.held_until.isoformat())


def orders_for_header(request: HttpRequest) -> list[Order]:
    """Return the visitor's cart, with the number of its lines, and the orders to pay. Visitors without an account also
    get the orders to be paid at the door that this browser session placed.

    This runs on each page: it makes one query, or none if a visitor without an account has no such orders.
    """
    user, at = account_of_request(request), timezone.now()
    numbers = request.session.get(PLACED, []) if request.session.get(PAY_UNTIL, "") > at.isoformat() else []
    if user is None and not numbers and CART not in request.session:
        return []
    mine = Q(pk=request.session.get(CART, 0), payer=None, state=Order.State.CART)
    if user is not None:
        mine = Q(payer=user) | Q(payer=None, payer_email=user.email, state=Order.State.PLACED)
    mine |= Q(pk__in=numbers, state=Order.State.PLACED)
    orders = Order.objects.filter(mine, state__in=[Order.State.CART, Order.State.PLACED])
    # The counts are constants in SQL, because a GROUP BY of all columns would be compiled on each page.
    orders = orders.annotate(item_count=RawSQL(ITEM_COUNT, ()), is_processing=RawSQL(IS_PROCESSING, ()))  # noqa: S611

    def is_shown(order: Order) -> bool:
        if order.state == Order.State.CART:
            return True
        if order.is_processing or not order.can_be_paid(at):  # type: ignore[attr-defined]
            return False
        if order.due_kind == Order.Due.DOOR:
            return user is None
        return order.pk in numbers or (user is not None and order.belongs_to(user))

    return [order for order in orders if is_shown(order)]


def orders_to_pay(request: HttpRequest) -> list[Order]:
    return [
        order
        for order in orders_for_header(request)
        if order.state != Order.State.CART and order.due_kind != Order.Due.DOOR
    ]


def placed_orders(request: HttpRequest) -> list[Order]:
    numbers = request.session.get(PLACED, [])
    return list(Order.objects.filter(pk__in=numbers).prefetch_related("lines__order")) if numbers else []


def last_placed_order(request: HttpRequest) -> Order | None:
    numbers = request.session.get(PLACED, [])
    return Order.objects.filter(pk=numbers[-1]).first() if numbers else None


def find_order(request: HttpRequest, number: int) -> Order:
    """Return the order to its payer, the browser that placed it, and holders of its secret address. Raise Http404 for
    everyone else."""
    order = Order.objects.placed().filter(pk=number).first()
    if order is None:
        raise Http404
    if not (
        _has_key_for(request, order, "order")
        or placed_in_this_session(request, order)
        or is_payer_of_order(request, order)
    ):
        raise Http404
    return order


def find_order_to_confirm(request: HttpRequest, number: int) -> Order:
    """Return the order of a mailed link. The order's own address does not prove that the visitor reads the mail."""
    order = Order.objects.placed().filter(pk=number).first()
    if order is None or not _has_key_for(request, order, CONFIRM):
        raise Http404
    return order


def _has_key_for(request: HttpRequest, order: Order, purpose: str) -> bool:
    try:
        token = links.read_token(purpose, request.GET.get("key", ""), KEY_AGE)
    except links.LinkInvalid:
        return False
    return token.pk == order.pk and links.nonce_matches(token.nonce, order.nonce)


def is_payer_of_order(request: HttpRequest, order: Order) -> bool:
    user = account_of_request(request)
    return user is not None and order.belongs_to(user)


def placed_in_this_session(request: HttpRequest, order: Order) -> bool:
    return order.pk in request.session.get(PLACED, [])
