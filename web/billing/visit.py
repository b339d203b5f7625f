"""Which cart is this visitor's, and which orders they may see.

By account, by session (which is kept on the server), or by an order's secret address.
"""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from billing.domain import cart as carts
from billing.models import Order
from billing.models.orders import CONFIRM
from common import links
from users.models import User

KEY_AGE = timedelta(days=730)
CART = "cart"
PLACED = "placed_orders"


def account(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def member(request: HttpRequest) -> User:
    """The person, on pages for which one has to be logged in."""
    user = account(request)
    if user is None:
        raise PermissionDenied
    return user


def cart(request: HttpRequest) -> Order | None:
    user = account(request)
    if user is not None:
        return carts.of(user)
    number = request.session.get(CART)
    return Order.objects.filter(pk=number, state=Order.State.CART, payer=None).first() if number else None


def open_cart(request: HttpRequest) -> Order:
    """The visitor's cart, a new one when there is none."""
    found = cart(request)
    if found is None:
        found = carts.new(account(request))
        request.session[CART] = found.pk
    return found


def logged_in(request: HttpRequest, user: User) -> None:
    """The session's data outlives the log-in, though not its key."""
    number = request.session.pop(CART, None)
    found = Order.objects.filter(pk=number, state=Order.State.CART).first() if number else None
    if found is not None:
        carts.merge(found, user)


def placed(request: HttpRequest, order: Order) -> None:
    request.session[PLACED] = [*request.session.get(PLACED, []), order.pk][-20:]
    request.session.pop(CART, None)


def last_placed(request: HttpRequest) -> Order | None:
    numbers = request.session.get(PLACED, [])
    return Order.objects.filter(pk=numbers[-1]).first() if numbers else None


def find_order(request: HttpRequest, number: int) -> Order:
    """The order, for its payer, for the browser that placed it, and for whoever holds its secret address; else 404."""
    order = Order.objects.placed().filter(pk=number).first()
    if order is None or not (_has_key(request, order) or has_placed(request, order) or pays(request, order)):
        raise Http404
    return order


def find_order_to_confirm(request: HttpRequest, number: int) -> Order:
    """The order whose mailed link this is; the order's own address shows nothing about who reads the mail."""
    order = Order.objects.placed().filter(pk=number).first()
    if order is None or not _holds_key(request, order, CONFIRM):
        raise Http404
    return order


def _has_key(request: HttpRequest, order: Order) -> bool:
    return _holds_key(request, order, "order")


def _holds_key(request: HttpRequest, order: Order, purpose: str) -> bool:
    try:
        token = links.read(purpose, request.GET.get("key", ""), KEY_AGE)
    except links.Bad:
        return False
    return token.pk == order.pk and links.fits(token.nonce, order.nonce)


def pays(request: HttpRequest, order: Order) -> bool:
    user = account(request)
    return user is not None and Order.objects.visible_to(user).filter(pk=order.pk).exists()


def has_placed(request: HttpRequest, order: Order) -> bool:
    return order.pk in request.session.get(PLACED, [])
