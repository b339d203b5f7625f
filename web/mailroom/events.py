from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class MessageQueued:
    """A message is ready to be sent."""

    message_id: int
    template: str


MESSAGE_QUEUED = EventType("mailroom.message_queued", MessageQueued, subject=("message", "message_id"))
