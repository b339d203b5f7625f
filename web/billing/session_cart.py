"""Which cart is this visitor's, and which orders they may see.

By account, by session (which is kept on the server), or by an order's secret address.
"""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest
from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.models import Order
from billing.models.orders import CONFIRM
from common import links
from users.models import User

KEY_AGE = timedelta(days=730)
CART = "cart"
PLACED = "placed_orders"
PAYER = "payer"
PAY_UNTIL = "pay_until"
"""In UTC; after that the session's orders are no longer looked for."""


def account(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def knows_payer(request: HttpRequest) -> bool:
    """Whether the checkout asks nothing about who pays; a billing address may change with each order."""
    return account(request) is not None and not settings.BILLING_ADDRESS


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


def remember_payer(request: HttpRequest, cart: Order) -> None:
    """For the next order of a visitor in this browser session; an account knows its own."""
    if account(request) is None:
        request.session[PAYER] = {"payer_name": cart.payer_name, "payer_email": cart.payer_email}


def remembered_payer(request: HttpRequest) -> dict[str, str]:
    found: dict[str, str] = request.session.get(PAYER, {}) if account(request) is None else {}
    return found


def forget_payer(request: HttpRequest) -> None:
    request.session.pop(PAYER, None)
    found = cart(request)
    if found is not None and found.payer is None:
        found.payer_name = found.payer_email = ""
        found.save(update_fields=["payer_name", "payer_email"])


def placed(request: HttpRequest, order: Order) -> None:
    request.session[PLACED] = [*request.session.get(PLACED, []), order.pk][-20:]
    request.session.pop(CART, None)
    remember_hold(request, order)


def remember_hold(request: HttpRequest, order: Order) -> None:
    """Until then each page leads to the order, in the browser that placed it."""
    if order.held_until is not None and has_placed(request, order):
        request.session[PAY_UNTIL] = max(request.session.get(PAY_UNTIL, ""), order.held_until.isoformat())


def waiting(request: HttpRequest) -> list[Order]:
    """For the head of each page: this visitor's cart, with the number of its lines, and the orders to be paid.
    For whoever has no account also those at the door that this browser session has placed.

    One query for a member. For others one while there is something, and none while there is nothing.
    """
    user, at, mine = account(request), timezone.now(), Q(pk__in=[])
    if user is not None:
        mine = Q(payer=user, state=Order.State.CART) | Q(pk__in=Order.objects.visible_to(user).to_pay(at).values("pk"))
    elif CART in request.session:
        mine = Q(pk=request.session[CART], state=Order.State.CART, payer=None)
    if request.session.get(PAY_UNTIL, "") > at.isoformat():
        here = Order.objects.filter(pk__in=request.session.get(PLACED, []))
        mine |= Q(pk__in=here.to_pay(at).values("pk"))
        if user is None:
            mine |= Q(pk__in=here.at_the_door(at).values("pk"))
    return (
        list(Order.objects.filter(mine).annotate(things=Count("lines", filter=Q(lines__cancelled_at=None))))
        if mine
        else []
    )


def orders_to_pay(request: HttpRequest) -> list[Order]:
    return [order for order in waiting(request) if order.state != Order.State.CART and order.due != Order.Due.DOOR]


def placed_orders(request: HttpRequest) -> list[Order]:
    """Those that this browser session placed."""
    numbers = request.session.get(PLACED, [])
    return list(Order.objects.filter(pk__in=numbers).prefetch_related("lines__order")) if numbers else []


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
    return user is not None and order.belongs_to(user)


def has_placed(request: HttpRequest, order: Order) -> bool:
    return order.pk in request.session.get(PLACED, [])
