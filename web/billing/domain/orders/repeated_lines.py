"""The same thing for the same person, ordered twice: found among given orders, never among everything stored."""

from collections.abc import Iterable
from datetime import datetime

from billing import kinds
from billing.models import Order, OrderLine

Key = tuple[str, int, str]


def repeated_in(lines: Iterable[OrderLine], orders: Iterable[Order], at: datetime) -> dict[int, OrderLine]:
    """For each line, by its id, the earlier line that it repeats in one of these orders."""
    standing = [order for order in orders if order.state in STANDING and not order.has_lapsed(at)]
    earlier = {key: line for order in standing for line in order.lines.all() if (key := _key(line))}
    found = {line.pk: earlier.get(key) for line in lines if (key := _key(line))}
    return {number: line for number, line in found.items() if line is not None}


STANDING = (Order.State.PLACED, Order.State.PAID)


def _key(line: OrderLine) -> Key | None:
    """None for what is for nobody in particular, or is gone."""
    if line.cancelled_at is not None:
        return None
    try:
        person = kinds.of(line).person_key(line)
    except (kinds.UnknownKind, kinds.Unavailable):
        return None
    return (line.kind, line.product_id, person) if person else None
