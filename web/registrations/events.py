"""What happens to students' spots in classes."""

from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class ClassesCanceled:
    """The school canceled class days or a whole class, with a compensation for the students."""

    cancellation_id: int


@dataclass(frozen=True)
class EnrollmentDecided:
    """A class with a minimum enrollment was confirmed, its decision was postponed, or it needs a decision."""

    class_offer_id: int


CLASS_CONFIRMED = EventType(
    "registrations.class_confirmed", EnrollmentDecided, subject=("class_offer", "class_offer_id")
)


DECISION_POSTPONED = EventType(
    "registrations.decision_postponed", EnrollmentDecided, subject=("class_offer", "class_offer_id")
)


DECISION_NEEDED = EventType(
    "registrations.decision_needed", EnrollmentDecided, subject=("class_offer", "class_offer_id")
)


CLASSES_CANCELED = EventType(
    "registrations.classes_canceled", ClassesCanceled, subject=("class_cancellation", "cancellation_id")
)


@dataclass(frozen=True)
class RegistrationChanged:
    """A student's spot in a class was confirmed, ended or disputed."""

    registration_id: int
    class_offer_id: int
    student_id: int


REGISTRATION_HELD = EventType(
    "registrations.registration_held", RegistrationChanged, subject=("registration", "registration_id")
)


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


@dataclass(frozen=True)
class TicketChanged:
    """A student's ticket for one meeting of a class was confirmed, ended or disputed."""

    ticket_id: int
    class_offer_id: int
    student_id: int


TICKET_HELD = EventType("registrations.ticket_held", TicketChanged, subject=("ticket", "ticket_id"))


TICKET_CONFIRMED = EventType("registrations.ticket_confirmed", TicketChanged, subject=("ticket", "ticket_id"))


TICKET_SUSPENDED = EventType("registrations.ticket_suspended", TicketChanged, subject=("ticket", "ticket_id"))


TICKET_ENDED = EventType("registrations.ticket_ended", TicketChanged, subject=("ticket", "ticket_id"))


TICKET_HOLD_EXPIRED = EventType("registrations.ticket_hold_expired", TicketChanged, subject=("ticket", "ticket_id"))


@dataclass(frozen=True)
class WaitlistChanged:
    """Someone joined a waitlist, was offered a spot, accepted it, or left the list."""

    entry_id: int
    class_offer_id: int


WAITLIST_JOINED = EventType("registrations.waitlist_joined", WaitlistChanged, subject=("waitlist_entry", "entry_id"))


WAITLIST_LEFT = EventType("registrations.waitlist_left", WaitlistChanged, subject=("waitlist_entry", "entry_id"))


WAITLIST_ENTRY_MOVED = EventType(
    "registrations.waitlist_entry_moved", WaitlistChanged, subject=("waitlist_entry", "entry_id")
)


WAITLIST_CLOSED = EventType("registrations.waitlist_closed", WaitlistChanged, subject=("waitlist_entry", "entry_id"))


SPOT_OFFERED = EventType("registrations.spot_offered", WaitlistChanged, subject=("waitlist_entry", "entry_id"))


SPOT_OFFER_ACCEPTED = EventType(
    "registrations.spot_offer_accepted", WaitlistChanged, subject=("waitlist_entry", "entry_id")
)


SPOT_OFFER_EXPIRED = EventType(
    "registrations.spot_offer_expired", WaitlistChanged, subject=("waitlist_entry", "entry_id")
)
