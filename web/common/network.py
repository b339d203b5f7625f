"""Other systems are spoken to outside of transactions: a row must not stay locked while somebody else thinks."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore

from django.conf import settings
from django.db import connections

from common.errors import Temporary

BUSY = "Many people are paying at this moment. Nothing was charged; please try again in half a minute."


class InsideTransaction(RuntimeError):
    """A request to another system was about to be made while a transaction is open."""


def refuse_inside_transaction() -> None:
    """Each client of another system calls this before it sends. The transaction around a test case does not count."""
    for connection in connections.all(initialized_only=True):
        if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
            raise InsideTransaction("Another system would be asked inside a transaction.")


@contextmanager
def place_to_wait() -> Iterator[None]:
    """Visitors' requests wait here for a gateway: so many of them at once that threads are left for the others."""
    places = _places(settings.GATEWAY_AT_ONCE)
    if not places.acquire(blocking=False):
        raise Temporary(BUSY)
    try:
        yield
    finally:
        places.release()


@cache
def _places(many: int) -> BoundedSemaphore:
    """For this process; its threads share them."""
    return BoundedSemaphore(many)
