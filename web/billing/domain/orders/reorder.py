"""Ordering again what expired or was canceled: the same things for the same people, with the same answers."""

from datetime import datetime

from django.db import transaction

from billing import kinds
from billing.domain.orders import cart as carts
from billing.domain.orders import transitions
from billing.domain.pricing import discount_codes
from billing.models import Order, OrderLine

PAYER = ("payer_name", "payer_email", "street", "city", "area", "postcode", "country")
EXCHANGED = "{}: a change of class can’t be ordered again here. Please start it from My classes."


def can_be_ordered_again(order: Order, at: datetime) -> bool:
    """Also what was paid, where all of it was canceled since."""
    if order.state == Order.State.PAID:
        return not order.lines.filter(cancelled_at=None).exists()
    return order.state == Order.State.CANCELLED or order.has_lapsed(at)


@transaction.atomic
def refill_cart(cart: Order, order: Order, at: datetime) -> list[str]:
    """Put into the cart what can still be had; returns why the rest cannot, as sentences."""
    transitions.lapse(order, at)
    lines = order.lines.filter(cancelled_at=None) or order.lines.all()
    missing = [_add(cart, line, at) for line in lines]
    if not cart.payer_email:
        for name in PAYER:
            setattr(cart, name, getattr(order, name))
        cart.save(update_fields=PAYER)
    cart.vouchers.add(*order.vouchers.all())
    return [*filter(None, missing), *_use_code_again(cart, order, at)]


def _add(cart: Order, line: OrderLine, at: datetime) -> str:
    """'' when it is in the cart."""
    if line.replaces_id is not None:
        return EXCHANGED.format(line)
    try:
        with transaction.atomic():
            _add_if_available(cart, line, at)
    except kinds.UnknownKind:
        return f"{line}: {carts.GONE}"
    except (kinds.Unavailable, carts.Full) as gone:
        return f"{line}: {gone}"
    return ""


def _add_if_available(cart: Order, line: OrderLine, at: datetime) -> None:
    """Raises Unavailable; whoever calls it undoes the new line."""
    kind = kinds.of(line)
    new = carts.add(cart, line.kind, line.product_id, kind.answers(line))
    if problems := kind.problems(new, at):
        raise kinds.Unavailable(problems[0])


def _use_code_again(cart: Order, order: Order, at: datetime) -> list[str]:
    if order.code is None or cart.code is not None:
        return []
    try:
        carts.use_code(cart, order.code.text, at)
    except discount_codes.Refused as refused:
        return [f"Code {order.code.text.upper()}: {refused}"]
    return []
