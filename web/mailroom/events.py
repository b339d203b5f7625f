from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class NoticesOffered:
    """Amazon offers to notify us about deliveries, bounces and complaints."""

    topic: str
    address: str


NOTICE_SUBSCRIPTION_REQUESTED = EventType(
    "mailroom.notice_subscription_requested", NoticesOffered, subject=("topic", "topic")
)
