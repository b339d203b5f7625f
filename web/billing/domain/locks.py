"""Rows are locked in one order everywhere: order, email address, payments, code, account.

Whoever keeps to it never waits in a circle.
"""

from django.db import connection

from billing.models import Code, Order, OrderLine, Payment
from users.models import User


def order(pk: int) -> Order:
    return Order.objects.select_for_update().get(pk=pk)


def email_address(email: str) -> None:
    """What is counted by address is counted one order after another. There may be no row to lock, and to make one would
    tell known addresses from unknown ones; SQLite has one writer at a time anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"billing.door {email}"])


def payments(order: Order) -> list[Payment]:
    return list(Payment.objects.select_for_update().filter(order=order).order_by("pk"))


def code(pk: int) -> Code:
    return Code.objects.select_for_update().get(pk=pk)


def account(user: User) -> User:
    return User.objects.select_for_update().get(pk=user.pk)


def live_lines(order: Order) -> list[OrderLine]:
    """Lines not cancelled, in the order in which their products are asked for places."""
    return list(order.lines.filter(cancelled_at=None).order_by("kind", "product_id", "pk"))
