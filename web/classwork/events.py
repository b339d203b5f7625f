"""What happens to the school's classes. `change` is the id of the history entry, which says who did it and why."""

from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class ScheduleChanged:
    """Meetings of a class were added, moved or removed; each of `moves` has meeting, before and after (ISO, or
    empty)."""

    class_offer_id: int
    change: int
    moves: list[dict[str, str]]


@dataclass(frozen=True)
class MeetingChanged:
    """One meeting of a class was canceled, restored, moved, added or assigned to a substitute."""

    class_offer_id: int
    meeting_id: int
    change: int


@dataclass(frozen=True)
class ClassSaved:
    """A class was added to a session, or its values were changed."""

    class_offer_id: int
    change: int


@dataclass(frozen=True)
class ClassApprovalChanged:
    """A class was approved for the public, or its approval was withdrawn."""

    class_offer_id: int
    change: int


@dataclass(frozen=True)
class SubjectApprovalChanged:
    """A subject was approved for the public, or its approval was withdrawn."""

    subject_id: int
    change: int


@dataclass(frozen=True)
class ProposalChanged:
    """A teacher's proposal was submitted, answered or approved."""

    proposal_id: int
    change: int


SCHEDULE_CHANGED = EventType("classwork.schedule_changed", ScheduleChanged, subject=("class_offer", "class_offer_id"))
MEETING_CANCELED = EventType("classwork.meeting_canceled", MeetingChanged, subject=("class_offer", "class_offer_id"))
MEETING_RESTORED = EventType("classwork.meeting_restored", MeetingChanged, subject=("class_offer", "class_offer_id"))
MEETING_MOVED = EventType("classwork.meeting_moved", MeetingChanged, subject=("class_offer", "class_offer_id"))
MEETING_ADDED = EventType("classwork.meeting_added", MeetingChanged, subject=("class_offer", "class_offer_id"))
SUBSTITUTES_CHANGED = EventType(
    "classwork.substitutes_changed", MeetingChanged, subject=("class_offer", "class_offer_id")
)
CLASS_CREATED = EventType("classwork.class_created", ClassSaved, subject=("class_offer", "class_offer_id"))
CLASS_CHANGED = EventType("classwork.class_changed", ClassSaved, subject=("class_offer", "class_offer_id"))
CLASS_APPROVED = EventType("classwork.class_approved", ClassApprovalChanged, subject=("class_offer", "class_offer_id"))
CLASS_HIDDEN = EventType("classwork.class_hidden", ClassApprovalChanged, subject=("class_offer", "class_offer_id"))
SUBJECT_APPROVED = EventType("classwork.subject_approved", SubjectApprovalChanged, subject=("subject", "subject_id"))
SUBJECT_HIDDEN = EventType("classwork.subject_hidden", SubjectApprovalChanged, subject=("subject", "subject_id"))
PROPOSAL_SUBMITTED = EventType("classwork.proposal_submitted", ProposalChanged, subject=("proposal", "proposal_id"))
PROPOSAL_ANSWERED = EventType("classwork.proposal_answered", ProposalChanged, subject=("proposal", "proposal_id"))
PROPOSAL_APPROVED = EventType("classwork.proposal_approved", ProposalChanged, subject=("proposal", "proposal_id"))
