"""The cause of the work in progress, which is stored with each event that the work emits."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Cause:
    """`by` names the receiver, page, job or command that is running. It is never a URL, which may contain tokens."""

    by: str = ""
    event_id: int | None = None
    request_id: str = ""


NO_CAUSE = Cause()
_current: ContextVar[Cause] = ContextVar("outbox_cause", default=NO_CAUSE)


def current_cause() -> Cause:
    return _current.get()


@contextmanager
def caused_by(cause: Cause) -> Iterator[Cause]:
    token = _current.set(cause)
    try:
        yield cause
    finally:
        _current.reset(token)


def refine_cause(by: str) -> None:
    _current.set(replace(_current.get(), by=by[:200]))


def new_id() -> str:
    return secrets.token_hex(8)
