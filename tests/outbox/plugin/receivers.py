import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common.errors import NeedsPerson, Permanent, Temporary
from history.domain import record
from outbox import causation
from outbox.declare import Outcomes, batched, outside
from outbox.domain import emit
from outbox.models import Event
from tests.outbox.plugin import events

calls: list[tuple[str, Any]] = []


def write_down(event: Event) -> None:
    calls.append(("write_down", event.key))
    record(None, "door.written_down", event)


def write_down_slowly(event: Event) -> None:
    """Its effect is written and not yet committed while it waits to be killed; the second time nobody kills it."""
    record(None, "door.written_down", event)
    mark = Path(os.environ["HALF_WAY"])
    if not mark.exists():
        mark.touch()
        time.sleep(60)


def open_door(event: Event) -> None:
    emit(events.OPENED, key=f"opened:{event.key}", door_id=event.payload.door_id)


def refuse(event: Event) -> None:
    record(None, "door.refused", event)
    raise ValueError("alice@example.org may not come in")


def later_please(event: Event) -> None:
    raise Temporary("The door is stuck.")


def never(event: Event) -> None:
    raise Permanent("There is no door.")


def somebody(event: Event) -> None:
    raise NeedsPerson("Ask whether sam@example.org has a key; call +1 555 010 9999.")


def leave(event: Event) -> None:
    raise SystemExit(3)


@outside
def ring(event: Event) -> None:
    calls.append(("ring", event.key))


@outside
def ring_and_emit(event: Event) -> None:
    calls.append(("cause", causation.current()))


@batched(size=3)
def ring_all(several: Sequence[Event]) -> Outcomes:
    calls.append(("connect", len(several)))
    try:
        for event in several:
            if event.payload.note == "break":
                raise ConnectionError("the line to bob@example.org broke")
            if event.payload.note == "end":
                return
            yield event, Temporary("No answer.") if event.payload.note == "busy" else None
    finally:
        calls.append(("hang up", None))
