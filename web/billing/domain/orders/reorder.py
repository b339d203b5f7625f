"""Ordering an expired or canceled order again: the same products for the same people, with the same answers."""

from datetime import datetime

from django.db import transaction

from billing.domain import product_kinds
from billing.domain.orders import cart as carts
from billing.domain.orders import transitions
from billing.errors import CartFull, DiscountCodeRefused, ProductUnavailable
from billing.models import Order, OrderLine

PAYER = ("payer_name", "payer_email", "street", "city", "area", "postcode", "country")
EXCHANGED = "{}: a change of class can’t be ordered again here. Please start it from My classes."


def can_be_ordered_again(order: Order, at: datetime) -> bool:
    if order.state == Order.State.PAID:
        return all(line.canceled_at for line in order.lines.all())
    return order.state == Order.State.CANCELED or order.has_expired(at)


@transaction.atomic
def refill_cart(cart: Order, order: Order, at: datetime) -> list[str]:
    """Returns one sentence for each line, and for a code, that is no longer available."""
    transitions.expire_order(order, at)
    lines = order.lines.filter(canceled_at=None) or order.lines.all()
    problems = [_add_line_again(cart, line, at) for line in lines]
    if not cart.payer_email:
        for name in PAYER:
            setattr(cart, name, getattr(order, name))
        cart.save(update_fields=PAYER)
    cart.vouchers.add(*order.vouchers.all())
    if order.discount_code is not None and cart.discount_code is None:
        try:
            carts.set_discount_code(cart, order.discount_code.code, at)
        except DiscountCodeRefused as refused:
            problems.append(f"Code {order.discount_code.code.upper()}: {refused}")
    return list(filter(None, problems))


def _add_line_again(cart: Order, line: OrderLine, at: datetime) -> str:
    if line.exchanged_from_id is not None:
        return EXCHANGED.format(line)
    try:
        kind = product_kinds.kind_of_line(line)
        with transaction.atomic():
            chosen = {"part_id": line.part_id, "role": line.role, "is_trial": line.is_trial}
            new = carts.add_line(cart, line.kind, line.product_id, kind.answers(line), **chosen)
            # Raising here also removes the new line.
            if problems := kind.problems(new, at):
                raise ProductUnavailable(problems[0])
    except product_kinds.UnknownProductKind:
        return f"{line}: {carts.GONE}"
    except (ProductUnavailable, CartFull) as unavailable:
        return f"{line}: {unavailable}"
    return ""
