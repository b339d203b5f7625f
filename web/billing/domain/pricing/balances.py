"""What an order costs, what was received and what is owed. All of it is calculated from the stored rows."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from billing.domain.pricing import credit, quotes
from billing.kinds import ZERO, Facts
from billing.models import Adjustment, Order, OrderLine
from billing.models.fields import exact
from common.money import rounded


def ask_for(order: Order, at: datetime) -> quotes.Ask:
    # These are the facts, code and credit of the purchase. The early price counts if it is still valid at that time.
    items = tuple(
        quotes.Item(line.pk, line.kind, line.product_id, Facts.from_json(line.facts or {"full": 0}))
        for line in order.lines.filter(cancelled_at=None)
    )
    return quotes.Ask(
        items=items,
        currency=order.currency,
        discount=quotes.Discount.from_json(order.discount),
        credit=max(credit.spent_on(order) - order.credit_kept, ZERO),
        lost=quotes.lost_by(items, at),
    )


def price_at(order: Order, at: datetime) -> quotes.Price:
    return quotes.price(ask_for(order, at))


def regular_price(order: Order) -> quotes.Price:
    request = ask_for(order, order.placed_at or order.created_at)
    return quotes.price(replace(request, lost=frozenset(item.key for item in request.items)))


@dataclass(frozen=True)
class Priced:
    line: OrderLine
    parts: list[quotes.Adjustment]
    total: Decimal

    @property
    def cost(self) -> Decimal:
        return sum((part.amount for part in self.parts if part.step != "credit"), ZERO)


def itemised(order: Order, at: datetime) -> list[Priced]:
    """Uses the prices at the time of payment, or current prices, and the regular price for an order due at the door."""
    at_the_door = order.state == Order.State.PLACED and order.due == Order.Due.DOOR
    price = regular_price(order) if at_the_door else price_at(order, order.paid_at or at)
    return bill(order.lines.all(), price)


def bill(lines: Iterable[OrderLine], price: quotes.Price) -> list[Priced]:
    return [
        Priced(line, [], ZERO)
        if line.is_canceled
        else Priced(line, [part for part in price.adjustments if part.key == line.pk], price.lines.get(line.pk, ZERO))
        for line in lines
    ]


def tax(priced: list[Priced], currency: str) -> list[tuple[Decimal, Decimal]]:
    """Returns pairs of rate and included tax, rounded per line. Credit is a payment, so it does not lower the tax."""
    sums: dict[Decimal, Decimal] = {}
    for item in priced:
        rate = Facts.from_json(item.line.facts or {"full": 0}).tax_percent
        if rate:
            sums[rate] = sums.get(rate, ZERO) + rounded(item.cost * rate / (100 + rate), currency)
    return sorted(sums.items())


def received(order: Order) -> Decimal:
    sums = order.payments.aggregate(captured=Sum("captured_amount"), refunded=Sum("refunded_amount"))
    return (sums["captured"] or ZERO) - (sums["refunded"] or ZERO)


def in_hand(order: Order) -> Decimal:
    # Money that became account credit after the order had expired cannot pay for it any more.
    return received(order) - order.returned_as_credit


def owed(order: Order, at: datetime) -> Decimal:
    if order.state != Order.State.PLACED:
        return ZERO
    return max(price_at(order, at).total - in_hand(order), ZERO)


def owed_at_door(order: Order) -> Decimal:
    if order.state != Order.State.PLACED:
        return ZERO
    return max(regular_price(order).total - in_hand(order), ZERO)


def if_taken_up(order: Order, at: datetime) -> Decimal:
    price = quotes.price(replace(ask_for(order, at), credit=quoted_credit(order)))
    return max(price.total - in_hand(order), ZERO)


def surplus(order: Order) -> Decimal:
    return in_hand(order) - order.charged


def quoted_credit(order: Order) -> Decimal:
    parts = Adjustment.objects.filter(line__order=order, plan=Adjustment.Plan.NOW, step="credit")
    return -exact(parts.aggregate(sum=Sum("amount"))["sum"])
