"""A gateway whose books are a list, and a product open or not by its number: what bench/reconcile.py compares."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar

from billing.domain.product_kinds import ProductDescription, ProductKind
from billing.gateways import Gateway
from billing.gateways.facts import GatewayLine
from billing.models import OrderLine
from billing.rules.price_facts import PriceFacts

CLOSED, OPENED = 0, 1


class Listed(Gateway):
    label = "Listed"
    theirs: ClassVar[list[GatewayLine]] = []

    def statement_lines(self, since: datetime, until: datetime) -> Iterator[GatewayLine]:
        """Sorted by time, as they are filled in."""
        start, end = (bisect_left(self.theirs, moment, key=lambda each: each.at) for moment in (since, until))
        return iter(self.theirs[start:end])


class Thing(ProductKind):
    name = "thing"

    def describe(self, line: OrderLine) -> ProductDescription:
        return ProductDescription("A thing")

    def price_facts(self, line: OrderLine, at: datetime) -> PriceFacts:
        raise NotImplementedError

    def problems(self, line: OrderLine, at: datetime) -> list[str]:
        return []

    def hold(self, line: OrderLine, until: datetime | None) -> None:
        pass

    def confirm(self, line: OrderLine) -> None:
        pass

    def release(self, line: OrderLine, why: str) -> None:
        pass

    def fulfilled_lines(self, lines: Sequence[OrderLine]) -> set[int]:
        found: Any = OrderLine.objects.filter(pk__in=[line.pk for line in lines], product_id=OPENED)
        return set(found.values_list("pk", flat=True))
