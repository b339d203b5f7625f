from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class Knocked:
    """Somebody knocked at the door."""

    door_id: int
    times: int = 1
    note: str | None = None


@dataclass(frozen=True)
class Opened:
    door_id: int


@dataclass(frozen=True)
class Ignored:
    door_id: int


KNOCKED = EventType("door.knocked", Knocked, subject=("door", "door_id"))
OPENED = EventType("door.opened", Opened, subject=("door", "door_id"))
IGNORED = EventType("door.ignored", Ignored, subject=("door", "door_id"))
