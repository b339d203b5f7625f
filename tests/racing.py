"""Several people act at the same moment, each on their own connection, with our locks or as a control without them."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Barrier, Event, Thread
from typing import Any

from django.db import connection, transaction

from tests.statements import before_statement

Action = Callable[[], Any]
PATIENCE = 20.0
"""Seconds to wait for an action that neither ends nor waits for a lock. A loaded machine needs some."""
ROW_LOCK = re.compile(r" FOR (?:NO KEY )?UPDATE(?: OF [^)]+?)?(?: NOWAIT| SKIP LOCKED)?(?=\)|$)")
ADVISORY_LOCK = re.compile(r"pg_advisory_xact_lock\((.*)\)$")


@contextmanager
def without_locks() -> Iterator[None]:
    """The control: our statements reach the database without FOR UPDATE and without advisory locks.

    This also holds for the connections of `run_in_threads`. UPDATE, unique indexes and constraints work as always.
    """

    def remove_locks(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        return execute(ADVISORY_LOCK.sub(r"\1", ROW_LOCK.sub("", sql)), params, many, context)

    with connection.execute_wrapper(remove_locks):
        yield


def run_in_threads(*actions: Action) -> list[Any]:
    """Return what each action returned or raised, in the order of the actions."""
    outcomes: list[Any] = [None] * len(actions)
    wrappers = list(connection.execute_wrappers)

    def run(number: int, action: Action) -> None:
        with ExitStack() as stack:
            stack.callback(connection.close)
            for wrapper in wrappers:
                stack.enter_context(connection.execute_wrapper(wrapper))
            try:
                outcomes[number] = action()
            except Exception as raised:
                outcomes[number] = raised

    threads = [Thread(target=run, args=each) for each in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def run_at_once(*actions: Action) -> list[Any]:
    """No action starts before all are ready."""
    start = Barrier(len(actions))

    def run_after_the_others(action: Action) -> Any:
        start.wait()
        return action()

    return run_in_threads(*[lambda action=action: run_after_the_others(action) for action in actions])


def overlap(first: Action, second: Action, *, before: str = "") -> list[Any]:
    """Run `second` while the transaction of `first` is open, and return both outcomes.

    `first` waits before its first statement that starts with the pattern `before`, or else before its commit. It
    continues when `second` has ended, or has to wait for a lock.
    """
    paused, second_ended = Event(), Event()
    second_process: list[int] = []

    def pause() -> None:
        paused.set()
        deadline = time.monotonic() + PATIENCE
        while not second_ended.wait(0.02) and time.monotonic() < deadline:
            if second_process and _waits_for_lock(second_process[0]):
                return

    def run_first() -> Any:
        try:
            if before:
                with before_statement(before, pause):
                    return first()
            with transaction.atomic():
                outcome = first()
                pause()
                return outcome
        finally:
            paused.set()  # Even if `first` was refused before it came to the statement.

    def run_second() -> Any:
        paused.wait(60)
        connection.ensure_connection()
        second_process.append(connection.connection.get_backend_pid())
        try:
            return second()
        finally:
            second_ended.set()

    return run_in_threads(run_first, run_second)


def _waits_for_lock(process: int) -> bool:
    """Asks PostgreSQL beside Django, so that no wrapper and no count of statements sees it."""
    with connection.connection.cursor() as cursor:
        cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [process])
        return bool(cursor.fetchone()[0])
