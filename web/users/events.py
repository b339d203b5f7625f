"""Events about accounts, to which other apps react."""

from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class ClaimAnswered:
    """An account's owner answered whether an offered student is the owner, someone in their care, or unknown."""

    student_id: int
    answer: str


@dataclass(frozen=True)
class MergeRequested:
    """An account's owner says that two records belong to one person, and only the office can merge them."""

    student_id: int
    other_id: int


MERGE_REQUESTED = EventType("users.merge_requested", MergeRequested, subject=("student", "student_id"))
CLAIM_ANSWERED = EventType("users.claim_answered", ClaimAnswered, subject=("student", "student_id"))
