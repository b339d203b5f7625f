from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class MessageQueued:
    """A message is ready to be sent."""

    message_id: int
    template: str


@dataclass(frozen=True)
class NoticesOffered:
    """Amazon asks whether we want to be told what becomes of our mails."""

    topic: str
    address: str


MESSAGE_QUEUED = EventType("mailroom.message_queued", MessageQueued, subject=("message", "message_id"))
NOTICES_OFFERED = EventType("mailroom.notices_offered", NoticesOffered, subject=("topic", "topic"))
