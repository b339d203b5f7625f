"""Lines that order the same product for the same person twice. Only the given orders are searched."""

from collections.abc import Iterable
from datetime import datetime

from billing.domain import product_kinds
from billing.errors import ProductUnavailable
from billing.models import Order, OrderLine

RepetitionKey = tuple[tuple[str, int, int | None], str]
ACTIVE = (Order.State.PLACED, Order.State.PAID)


def repeated_in(lines: Iterable[OrderLine], orders: Iterable[Order], at: datetime) -> dict[int, OrderLine]:
    """Returns the earlier line that each line repeats, by the id of the repeating line."""
    active = [order for order in orders if order.state in ACTIVE and not order.has_expired(at)]
    earlier = {key: line for order in active for line in order.lines.all() if (key := _repetition_key(line))}
    return {line.pk: earlier[key] for line in lines if (key := _repetition_key(line)) and key in earlier}


def _repetition_key(line: OrderLine) -> RepetitionKey | None:
    if line.canceled_at is not None:
        return None
    try:
        person = product_kinds.kind_of_line(line).person_key(line)
    except (product_kinds.UnknownProductKind, ProductUnavailable):
        return None
    return (line.product, person) if person else None
