"""Rows are locked in one order everywhere: order, payments, code, account.

Whoever keeps to it never waits in a circle.
"""

from billing.models import Code, Order, OrderLine, Payment
from users.models import User


def order(pk: int) -> Order:
    return Order.objects.select_for_update().get(pk=pk)


def payments(order: Order) -> list[Payment]:
    return list(Payment.objects.select_for_update().filter(order=order).order_by("pk"))


def code(pk: int) -> Code:
    return Code.objects.select_for_update().get(pk=pk)


def account(user: User) -> User:
    return User.objects.select_for_update().get(pk=user.pk)


def live_lines(order: Order) -> list[OrderLine]:
    """Lines not cancelled, in the order in which their products are asked for places."""
    return list(order.lines.filter(cancelled_at=None).order_by("kind", "product_id", "pk"))
