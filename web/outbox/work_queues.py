"""Queues of other apps, whose rows the workers process besides deliveries. They are declared in `<app>/jobs.py`:

    QUEUES = [
        WorkQueue(
            "choir.invitations",
            run="choir.domain.invitations.send_due_invitations",
            backlog="choir.domain.invitations.count_due_invitations",
            trace="choir.domain.invitations.trace_invitations",
        )
    ]

`run(stop)` claims and processes rows that are due and returns how many. It stops when `stop()` is true, and after some
seconds at the latest, because the worker has other work. Any number of workers may call it at the same time.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from common.app_modules import app_modules

Stop = Callable[[], bool]


def never_stop() -> bool:
    return False


@dataclass(frozen=True)
class TracedAttempt:
    """One attempt, or the current state if there is none yet. `succeeded` is None unless it succeeded or failed."""

    began: datetime
    ended: datetime | None
    outcome_text: str
    succeeded: bool | None
    error: str = ""

    @property
    def error_summary(self) -> str:
        """The first line of the error, without the traceback."""
        return self.error.partition("\n")[0]


@dataclass(frozen=True)
class TracedWork:
    """A row of another app's work queue, such as an email, and what has become of it."""

    name: str
    url: str
    attempt: TracedAttempt


@dataclass(frozen=True)
class WorkQueue:
    name: str
    run: str
    backlog: str
    trace: str

    def process(self, stop: Stop = never_stop) -> int:
        processed: int = import_string(self.run)(stop)
        return processed

    def count_backlog(self) -> tuple[int, datetime | None]:
        """Return how many rows wait for their first try, and since when the oldest one does."""
        backlog: tuple[int, datetime | None] = import_string(self.backlog)()
        return backlog

    def trace_subjects(self, subjects: Collection[tuple[str, str]]) -> Sequence[TracedWork]:
        """Return the rows that are about one of the subjects, each given as its kind and its id."""
        traced: Sequence[TracedWork] = import_string(self.trace)(subjects)
        return traced


def declared_queues() -> list[WorkQueue]:
    return [queue for module in app_modules("jobs") for queue in getattr(module, "QUEUES", [])]


def process_queues(stop: Stop = never_stop) -> int:
    return sum(queue.process(stop) for queue in declared_queues() if not stop())


def announce_work(name: str) -> None:
    """Tell the engine after the commit that a queue has work. The engine may lose this, because the rows are stored."""
    transaction.on_commit(partial(_notify_engine, name), robust=True)


def _notify_engine(name: str) -> None:
    import_string(f"outbox.engines.{settings.OUTBOX_ENGINE}.announce_work")(name)


def process_queue(name: str) -> int:
    return sum(queue.process() for queue in declared_queues() if queue.name == name)
