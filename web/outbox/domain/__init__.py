"""The functions that other apps call."""

from outbox.domain.emitting import KeyTaken, UnknownEvent, emit, emit_many

__all__ = ["KeyTaken", "UnknownEvent", "emit", "emit_many"]
