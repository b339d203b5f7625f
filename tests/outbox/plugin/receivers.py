import os
import time
from pathlib import Path
from typing import Any

from common.errors import NeedsPerson, PermanentFailure, TemporaryFailure
from history.domain import record_action
from outbox import causation
from outbox.declare import runs_outside_transaction
from outbox.domain import emit
from outbox.models import Event
from tests.outbox.plugin import events

calls: list[tuple[str, Any]] = []


def write_down(event: Event) -> None:
    calls.append(("write_down", event.key))
    record_action(None, "door.written_down", event)


def write_down_slowly(event: Event) -> None:
    """Its effect is written and not yet committed while it waits to be killed; the second time nobody kills it."""
    record_action(None, "door.written_down", event)
    mark = Path(os.environ["HALF_WAY"])
    if not mark.exists():
        mark.touch()
        time.sleep(60)


def open_door(event: Event) -> None:
    emit(events.OPENED, key=f"opened:{event.key}", door_id=event.payload.door_id)


def refuse(event: Event) -> None:
    record_action(None, "door.refused", event)
    raise ValueError("alice@example.org may not come in")


def later_please(event: Event) -> None:
    raise TemporaryFailure("The door is stuck.")


def never(event: Event) -> None:
    raise PermanentFailure("There is no door.")


def somebody(event: Event) -> None:
    raise NeedsPerson("Ask whether sam@example.org has a key; call +1 555 010 9999.")


def leave(event: Event) -> None:
    raise SystemExit(3)


@runs_outside_transaction
def ring(event: Event) -> None:
    calls.append(("ring", event.key))


@runs_outside_transaction
def ring_and_emit(event: Event) -> None:
    calls.append(("cause", causation.current_cause()))
