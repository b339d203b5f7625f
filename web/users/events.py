"""What accounts tell other apps."""

from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class OfferAnswered:
    """An account's owner said of a student whether it is them, someone in their care, or nobody they know."""

    student_id: int
    said: str


@dataclass(frozen=True)
class JoiningAsked:
    """An account's owner says that two records are one person, and something stands between."""

    student_id: int
    other_id: int


JOINING_ASKED = EventType("users.joining_asked", JoiningAsked, subject=("student", "student_id"))
OFFER_ANSWERED = EventType("users.offer_answered", OfferAnswered, subject=("student", "student_id"))
