"""Two people at the same moment, the first of them at the counter of the toys."""

from collections.abc import Callable
from threading import Event, get_ident
from typing import Any
from unittest import mock

from tests.billing.toys import ToyKind
from tests.racing import LONG_ENOUGH, in_threads

Outcome = Any


def overlap(first: Callable[[], Any], second: Callable[[], Any]) -> list[Outcome]:
    """`second` runs while `first` stands in the middle of its transaction, at the toy's counter.

    When `second` has to wait for a lock of `first`, `first` goes on after a moment.
    """
    inside, ended = Event(), Event()
    goes_first: list[int] = []

    def pause() -> None:
        if get_ident() in goes_first and not inside.is_set():
            inside.set()
            ended.wait(LONG_ENOUGH)

    def begin() -> Any:
        goes_first.append(get_ident())
        try:
            return first()
        finally:
            inside.set()  # also when it never came to the counter

    def then() -> Any:
        inside.wait(60)
        try:
            return second()
        finally:
            ended.set()

    with mock.patch.object(ToyKind, "at_the_counter", staticmethod(pause)):
        return in_threads(begin, then)
