"""The functions that other apps call."""

from outbox.domain.event_log import KeyTaken, UnknownEvent, emit, emit_many

__all__ = ["KeyTaken", "UnknownEvent", "emit", "emit_many"]
