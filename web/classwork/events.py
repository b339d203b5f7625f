"""What happens to the school's classes. `change` is the id of the history entry, which says who did it and why."""

from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class ClassChanged:
    """The values of a class were changed, or its meetings were added, moved, canceled or restored."""

    class_offer_id: int
    change: int


@dataclass(frozen=True)
class ClassesCreated:
    """Classes were added to a session, such as those of the next session."""

    session_id: int
    class_offer_ids: list[int]


CLASSES_CREATED = EventType("classwork.classes_created", ClassesCreated, subject=("session", "session_id"))
CLASS_CHANGED = EventType("classwork.class_changed", ClassChanged, subject=("class_offer", "class_offer_id"))
SCHEDULE_CHANGED = EventType("classwork.schedule_changed", ClassChanged, subject=("class_offer", "class_offer_id"))
