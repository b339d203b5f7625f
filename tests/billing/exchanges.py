"""Exchanges of lines of paid orders for other toys."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.domain.orders import placement
from billing.domain.pricing import balances
from billing.models import Order, OrderLine
from tests.billing.base import BillingTestCase

State = Order.State


def place_exchange_order(old: OrderLine, product: int, at: datetime, attendee: str = "Pat", **how: Any) -> Order:
    line = OrderLine(
        order=old.order, kind=old.kind, product_id=product, details={"attendee": attendee}, exchanged_from=old
    )
    return placement.place_second_order(line, placement.PlacementOptions(**how), seen=None, at=at)


class ExchangeTestCase(BillingTestCase):
    def place_paid_order(self, *products: int, **more: object) -> Order:
        order = self.place_new_order(*products, **more)  # type: ignore[arg-type]
        if order.state == State.PLACED:
            self.pay_order(order)
        return order

    def line_of(self, order: Order, number: int = 0) -> OrderLine:
        return order.lines.select_related("order").order_by("pk")[number]

    def exchange_line(self, old: OrderLine, product: int, **how: object) -> Order:
        return place_exchange_order(old, product, self.now, **how)

    def price_of(self, order: Order) -> Decimal:
        return balances.price_at(order, self.now).total

    def amount_available(self, *orders: Order) -> Decimal:
        return sum((balances.amount_available(Order.objects.get(pk=order.pk)) for order in orders), Decimal(0))
