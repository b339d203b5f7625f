"""Several people at the same moment, each on a connection of their own; and the control, without our locks."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Barrier, Event, Thread
from typing import Any
from unittest import mock

from django.db import connection, transaction
from django.db.models import QuerySet

Deed = Callable[[], Any]
LONG_ENOUGH = 0.7


def without_locks() -> AbstractContextManager[Any]:
    """The control: the same deeds when SELECT … FOR UPDATE locks nothing."""
    return mock.patch.object(QuerySet, "select_for_update", lambda rows, **how: rows)


def in_threads(*deeds: Deed) -> list[Any]:
    """What each deed returned or raised, in the order of the deeds."""
    outcomes: list[Any] = [None] * len(deeds)

    def run(number: int, deed: Deed) -> None:
        try:
            outcomes[number] = deed()
        except Exception as raised:
            outcomes[number] = raised
        finally:
            connection.close()

    threads = [Thread(target=run, args=each) for each in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def at_once(*deeds: Deed) -> list[Any]:
    """None begins before all are ready."""
    start = Barrier(len(deeds))

    def after_the_others(deed: Deed) -> Any:
        start.wait()
        return deed()

    return in_threads(*[lambda deed=deed: after_the_others(deed) for deed in deeds])


def overlap(first: Deed, second: Deed) -> list[Any]:
    """`second` runs when `first` is done and not committed yet; where it has to wait for that, `first` goes on."""
    done, ended = Event(), Event()

    def slowly() -> Any:
        with transaction.atomic():
            outcome = first()
            done.set()
            ended.wait(LONG_ENOUGH)
            return outcome

    def then() -> Any:
        done.wait(5)
        try:
            return second()
        finally:
            ended.set()

    return in_threads(slowly, then)
