"""Counts how often an order is placed, also in transactions that overlap."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models.signals import post_save

from billing.models import Order


@contextmanager
def count_placements() -> Iterator[list[int]]:
    """Yield the numbers of the orders that are placed, once for each time."""
    placed: list[int] = []

    def note(instance: Order, update_fields: Any, **kwargs: Any) -> None:
        if update_fields is None and instance.state == Order.State.PLACED:
            placed.append(instance.pk)

    post_save.connect(note, sender=Order, weak=False, dispatch_uid=id(placed))
    try:
        yield placed
    finally:
        post_save.disconnect(sender=Order, dispatch_uid=id(placed))
