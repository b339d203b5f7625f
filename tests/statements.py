"""Something happens just before the database gets a certain statement: the other person acts, or the process dies.

Django passes every statement of a connection through its execute wrappers, so no function of the site is replaced.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection


@contextmanager
def before_statement(pattern: str, action: Callable[[], None]) -> Iterator[None]:
    """Call `action` once, before this connection's first statement that starts with `pattern`."""
    waiting = [action]

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if waiting and re.match(pattern, sql):
            waiting.pop()()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield


@contextmanager
def lost_connection(pattern: str) -> Iterator[None]:
    """The connection is lost before the first statement that starts with `pattern`, which must come."""
    lost = []

    def lose_connection() -> None:
        lost.append(pattern)
        raise OperationalError("server closed the connection unexpectedly")

    try:
        with before_statement(pattern, lose_connection):
            yield
    finally:
        assert lost, f"No statement starts with {pattern}."
