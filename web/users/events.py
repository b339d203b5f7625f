"""What accounts tell other apps."""

from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class OfferAnswered:
    """An account's owner said of a student whether it is them, someone in their care, or nobody they know."""

    student_id: int
    said: str


OFFER_ANSWERED = EventType("users.offer_answered", OfferAnswered, subject=("student", "student_id"))
