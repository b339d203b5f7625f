from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class MessageQueued:
    """A message is ready to be sent."""

    message_id: int
    template: str


@dataclass(frozen=True)
class NoticesOffered:
    """Amazon offers to notify us about deliveries, bounces and complaints."""

    topic: str
    address: str


MESSAGE_QUEUED = EventType("mailroom.message_queued", MessageQueued, subject=("message", "message_id"))
NOTICE_SUBSCRIPTION_REQUESTED = EventType(
    "mailroom.notice_subscription_requested", NoticesOffered, subject=("topic", "topic")
)
