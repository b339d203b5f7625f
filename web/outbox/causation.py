"""What is going on right now, so that an event can say what it came from."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Cause:
    """`by` is the receiver, page, job or command at work; never an address with ids or tokens in it."""

    by: str = ""
    event_id: int | None = None
    request_id: str = ""


NOTHING = Cause()
_current: ContextVar[Cause] = ContextVar("outbox_cause", default=NOTHING)


def current() -> Cause:
    return _current.get()


@contextmanager
def within(cause: Cause) -> Iterator[Cause]:
    token = _current.set(cause)
    try:
        yield cause
    finally:
        _current.reset(token)


def refine(by: str) -> None:
    """Say more precisely who is at work, for the rest of the surrounding `within`."""
    _current.set(replace(_current.get(), by=by[:200]))


def new_id() -> str:
    return secrets.token_hex(8)
