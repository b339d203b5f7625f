"""Rules for requests to other systems. They are made outside of transactions, so that no row stays locked meanwhile."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from threading import BoundedSemaphore

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from common.errors import TemporaryFailure
from common.middleware import GetResponse, middleware

BUSY = _("Many people are paying at this moment. Nothing was charged; please try again in half a minute.")


class OpenTransaction(RuntimeError):
    """The code tried to send a request to another system while a transaction was open."""


def refuse_inside_transaction() -> None:
    """Every client of another system must call this before it sends a request.

    The transaction that Django opens around a test case does not count.
    """
    for connection in connections.all(initialized_only=True):
        if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
            raise OpenTransaction("A request to another system must not be sent inside a transaction.")


class WaitBudget:
    """The time that one visitor's request may spend waiting for gateways. It starts at the first such call."""

    def __init__(self) -> None:
        self.deadline: float | None = None

    def remaining_seconds(self) -> float:
        if self.deadline is None:
            self.deadline = time.monotonic() + settings.GATEWAY_SECONDS
        return self.deadline - time.monotonic()


_wait_budget: ContextVar[WaitBudget | None] = ContextVar("wait_budget", default=None)
"""This is None outside of requests, because work in the background may wait without a limit."""


@middleware
def limit_waiting(request: HttpRequest, get_response: GetResponse) -> HttpResponse:
    token = _wait_budget.set(WaitBudget())
    try:
        return get_response(request)
    finally:
        _wait_budget.reset(token)


def has_time(seconds: float = 0) -> bool:
    budget = _wait_budget.get()
    return budget is None or budget.remaining_seconds() > seconds


def seconds_left(limit: float) -> float:
    budget = _wait_budget.get()
    return limit if budget is None else min(limit, budget.remaining_seconds())


def gateway_timeouts(connect: float, read: float) -> tuple[float, float]:
    """Shorten the timeouts of a request to a gateway to the seconds that are left for the visitor's request."""
    budget = _wait_budget.get()
    if budget is None:
        return connect, read
    left = max(budget.remaining_seconds(), 0.01)
    connect = min(connect, left / 3)
    return connect, min(read, left - connect)


@contextmanager
def gateway_slot() -> Iterator[None]:
    """Limit how many visitors' requests wait for gateways at once, so that threads are left for other visitors."""
    slots = _slot_semaphore(settings.GATEWAY_CONCURRENCY)
    if not slots.acquire(blocking=False):
        raise TemporaryFailure(str(BUSY))
    try:
        yield
    finally:
        slots.release()


@cache
def _slot_semaphore(count: int) -> BoundedSemaphore:
    # The threads of one process share the semaphore.
    return BoundedSemaphore(count)
