"""What happens to students' spots in classes."""

from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class TentativeClassJoined:
    """A registration was confirmed in a class that takes place only if enough people register."""

    class_offer_id: int


TENTATIVE_CLASS_JOINED = EventType(
    "registrations.tentative_class_joined", TentativeClassJoined, subject=("class_offer", "class_offer_id")
)


@dataclass(frozen=True)
class RegistrationChanged:
    """A student's spot in a class, or in one of its meetings, was confirmed, ended or disputed, or its hold expired."""

    registration_id: int
    class_offer_id: int
    meeting_id: int | None
    """None for a spot in the whole class."""
    student_id: int


REGISTRATION_CONFIRMED = EventType(
    "registrations.registration_confirmed", RegistrationChanged, subject=("registration", "registration_id")
)
REGISTRATION_SUSPENDED = EventType(
    "registrations.registration_suspended", RegistrationChanged, subject=("registration", "registration_id")
)
REGISTRATION_ENDED = EventType(
    "registrations.registration_ended", RegistrationChanged, subject=("registration", "registration_id")
)
HOLD_EXPIRED = EventType("registrations.hold_expired", RegistrationChanged, subject=("registration", "registration_id"))
