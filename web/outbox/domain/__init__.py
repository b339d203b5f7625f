"""What other apps call."""

from outbox.domain.emitting import KeyTaken, UnknownEvent, emit

__all__ = ["KeyTaken", "UnknownEvent", "emit"]
