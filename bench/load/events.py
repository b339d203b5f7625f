from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class Loaded:
    number: int


@dataclass(frozen=True)
class Relayed:
    number: int


@dataclass(frozen=True)
class Idle:
    number: int


LOADED = EventType("load.loaded", Loaded, subject=("load", "number"))
RELAYED = EventType("load.relayed", Relayed, subject=("load", "number"))
IDLE = EventType("load.idle", Idle, subject=("load", "number"))
IDLE_OUTSIDE = EventType("load.idle_outside", Idle, subject=("load", "number"))
