"""What an order costs, what came in and what is owed: always counted from the rows, never kept beside them."""

from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from billing.domain import credit, pricing
from billing.kinds import ZERO, Facts
from billing.models import Adjustment, Order


def ask_for(order: Order, at: datetime) -> pricing.Ask:
    """The live lines by the facts, the code and the credit of the purchase; pre-pay as it stands at that moment."""
    items = tuple(
        pricing.Item(line.pk, line.kind, line.product_id, Facts.from_json(line.facts or {"full": 0}))
        for line in order.lines.filter(cancelled_at=None)
    )
    return pricing.Ask(
        items=items,
        currency=order.currency,
        discount=pricing.Discount.from_json(order.discount),
        credit=max(credit.spent_on(order) - order.credit_kept, ZERO),
        lost=pricing.lost_by(items, at),
    )


def price_at(order: Order, at: datetime) -> pricing.Price:
    return pricing.price(ask_for(order, at))


def received(order: Order) -> Decimal:
    """Money that came in and did not go back."""
    sums = order.payments.aggregate(got=Sum("captured_amount"), back=Sum("refunded_amount"))
    return (sums["got"] or ZERO) - (sums["back"] or ZERO)


def owed(order: Order, at: datetime) -> Decimal:
    if order.state != Order.State.PLACED:
        return ZERO
    return max(price_at(order, at).total - received(order), ZERO)


def surplus(order: Order) -> Decimal:
    """Money we hold that belongs to nothing in the order; above zero only while someone looks into it."""
    return received(order) - order.charged - order.returned_as_credit


def quoted_credit(order: Order) -> Decimal:
    parts = Adjustment.objects.filter(line__order=order, plan=Adjustment.Plan.NOW, step="credit")
    return -(parts.aggregate(sum=Sum("amount"))["sum"] or ZERO)
