import os
import time

from bench.load import events
from history.domain import record_action
from outbox.declare import runs_outside_transaction
from outbox.domain import emit
from outbox.models import Event


def count(event: Event) -> None:
    record_action(None, "load.counted", event)


def relay(event: Event) -> None:
    emit(events.RELAYED, key=event.key, number=event.payload.number)


@runs_outside_transaction
def call_out(event: Event) -> None:
    """The world outside is a file; each call leaves when it began and when it ended."""
    note("begin", event.pk)
    time.sleep(0.003)
    note("end", event.pk)


def note(word: str, pk: int) -> None:
    line = f"{word} {pk} {os.getpid()} {time.monotonic()}\n"
    handle = os.open(os.environ["BENCH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, line.encode())
    os.close(handle)


def nothing(event: Event) -> None:
    pass


@runs_outside_transaction
def nothing_outside(event: Event) -> None:
    pass
