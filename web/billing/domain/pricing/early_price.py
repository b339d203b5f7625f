"""Moving the deadline of the early price in unpaid orders when the start of a class moves."""

from datetime import datetime

from billing.models import Order, OrderLine
from billing.rules.price_facts import PriceFacts

UNPAID = (Order.State.PLACED, Order.State.EXPIRED)


def move_early_price_deadline(kind: str, product_id: int, starts: datetime | None) -> int:
    """Returns how many lines changed. Without a start, the early price has no deadline. Paid orders keep theirs."""
    lines = OrderLine.objects.select_for_update(of=("self",)).filter(kind=kind, product_id=product_id, part_id=None)
    moved = 0
    for line in lines.filter(order__state__in=UNPAID, canceled_at=None).order_by("pk"):
        facts = PriceFacts.from_json(line.price_facts or {"list_price": 0})
        if facts.first_meeting_at != starts:
            stored = {name: value for name, value in (line.price_facts or {}).items() if name != "first_meeting_at"}
            line.price_facts = stored | ({"first_meeting_at": starts.isoformat()} if starts else {})
            line.save(update_fields=["price_facts"])
            moved += 1
    return moved
