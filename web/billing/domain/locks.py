"""Row locks. To avoid deadlocks, take them in this sequence: order, email address, payments, code, account."""

from django.db import connection

from billing.models import DiscountCode, Order, OrderLine, Payment
from users.models import User


def lock_order(pk: int) -> Order:
    return Order.objects.select_for_update().get(pk=pk)


def lock_email_address(email: str) -> None:
    """Uses an advisory lock, because an unknown address has no row to lock. SQLite has only one writer at a time."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"billing.door {email}"])


def lock_payment(order: Order, pk: int) -> Payment:
    payment = Payment.objects.select_for_update().get(pk=pk)
    payment.order = order
    return payment


def lock_discount_code(pk: int) -> DiscountCode:
    return DiscountCode.objects.select_for_update().get(pk=pk)


def lock_account(user: User) -> User:
    return User.objects.select_for_update().get(pk=user.pk)


def live_lines(order: Order) -> list[OrderLine]:
    # Spots are always requested in this sequence.
    lines = (line for line in order.lines.all() if line.canceled_at is None)
    return sorted(lines, key=lambda line: (line.kind, line.product_id, line.pk))
