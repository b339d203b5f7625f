"""Other systems are spoken to outside of transactions: a row must not stay locked while somebody else thinks."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from threading import BoundedSemaphore

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse

from common.errors import Temporary

BUSY = "Many people are paying at this moment. Nothing was charged; please try again in half a minute."


class InsideTransaction(RuntimeError):
    """A request to another system was about to be made while a transaction is open."""


def refuse_inside_transaction() -> None:
    """Each client of another system calls this before it sends. The transaction around a test case does not count."""
    for connection in connections.all(initialized_only=True):
        if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
            raise InsideTransaction("Another system would be asked inside a transaction.")


class Patience:
    """How long one request may still wait for gateways. The first conversation starts the clock for all of them."""

    def __init__(self) -> None:
        self.until: float | None = None

    def left(self) -> float:
        if self.until is None:
            self.until = time.monotonic() + settings.GATEWAY_SECONDS
        return self.until - time.monotonic()


_patience: ContextVar[Patience | None] = ContextVar("patience", default=None)
"""None outside of requests: work in the background waits as long as it likes."""


def limit_waiting(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        token = _patience.set(Patience())
        try:
            return get_response(request)
        finally:
            _patience.reset(token)

    return middleware


def has_time(seconds: float = 0) -> bool:
    """Whether it is worth asking (again)."""
    patience = _patience.get()
    return patience is None or patience.left() > seconds


def seconds_left(most: float) -> float:
    patience = _patience.get()
    return most if patience is None else min(most, patience.left())


def timeouts(connect: float, read: float) -> tuple[float, float]:
    """Of one request to a gateway: its own, or what is left of the visitor's."""
    patience = _patience.get()
    if patience is None:
        return connect, read
    left = max(patience.left(), 0.01)
    connect = min(connect, left / 3)
    return connect, min(read, left - connect)


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
