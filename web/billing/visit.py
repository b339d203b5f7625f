"""Whose cart and which orders this visitor may see without logging in: kept in the session, which is on the server."""

from django.http import HttpRequest

from billing.domain import cart as carts
from billing.models import Order
from users.models import User

CART = "cart"
PLACED = "placed_orders"


def account(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


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


def has_placed(request: HttpRequest, order: Order) -> bool:
    return order.pk in request.session.get(PLACED, [])
