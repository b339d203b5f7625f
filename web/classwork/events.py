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
class ClassChanged:
    """A class was added to a session, or its values or its approval for the public changed."""

    class_offer_id: int
    change: int


@dataclass(frozen=True)
class ClassesCreated:
    """Classes were added to a session together, such as those of the next session."""

    session_id: int
    class_offer_ids: list[int]


SCHEDULE_CHANGED = EventType("classwork.schedule_changed", ScheduleChanged, subject=("class_offer", "class_offer_id"))
MEETING_CANCELED = EventType("classwork.meeting_canceled", MeetingChanged, subject=("class_offer", "class_offer_id"))
MEETING_RESTORED = EventType("classwork.meeting_restored", MeetingChanged, subject=("class_offer", "class_offer_id"))
MEETING_MOVED = EventType("classwork.meeting_moved", MeetingChanged, subject=("class_offer", "class_offer_id"))
MEETING_ADDED = EventType("classwork.meeting_added", MeetingChanged, subject=("class_offer", "class_offer_id"))
SUBSTITUTES_CHANGED = EventType(
    "classwork.substitutes_changed", MeetingChanged, subject=("class_offer", "class_offer_id")
)
CLASS_CREATED = EventType("classwork.class_created", ClassChanged, subject=("class_offer", "class_offer_id"))
CLASSES_CREATED = EventType("classwork.classes_created", ClassesCreated, subject=("session", "session_id"))
CLASS_CHANGED = EventType("classwork.class_changed", ClassChanged, subject=("class_offer", "class_offer_id"))
CLASS_APPROVED = EventType("classwork.class_approved", ClassChanged, subject=("class_offer", "class_offer_id"))
CLASS_HIDDEN = EventType("classwork.class_hidden", ClassChanged, subject=("class_offer", "class_offer_id"))
