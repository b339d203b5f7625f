"""What happens to students' spots in classes."""

from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class ClassesCanceled:
    """The school canceled class days or a whole class, with a compensation for the students."""

    call_off_id: int


@dataclass(frozen=True)
class EnrollmentDecided:
    """A class with a minimum enrollment was confirmed, its decision was postponed, or it needs a decision."""

    offer_id: int


CLASS_CONFIRMED = EventType("registrations.class_confirmed", EnrollmentDecided, subject=("class_offer", "offer_id"))


DECISION_PUT_OFF = EventType("registrations.decision_put_off", EnrollmentDecided, subject=("class_offer", "offer_id"))


DECISION_NEEDED = EventType("registrations.decision_needed", EnrollmentDecided, subject=("class_offer", "offer_id"))


CALLED_OFF = EventType("registrations.called_off", ClassesCanceled, subject=("call_off", "call_off_id"))


@dataclass(frozen=True)
class RegistrationChanged:
    """A student's spot in a class was confirmed, ended or disputed."""

    registration_id: int
    offer_id: int
    student_id: int


PLACE_HELD = EventType("registrations.place_held", RegistrationChanged, subject=("registration", "registration_id"))


REGISTRATION_CONFIRMED = EventType(
    "registrations.registration_confirmed", RegistrationChanged, subject=("registration", "registration_id")
)


REGISTRATION_SUSPENDED = EventType(
    "registrations.registration_suspended", RegistrationChanged, subject=("registration", "registration_id")
)


REGISTRATION_ENDED = EventType(
    "registrations.registration_ended", RegistrationChanged, subject=("registration", "registration_id")
)


HOLD_ENDED = EventType("registrations.hold_ended", RegistrationChanged, subject=("registration", "registration_id"))


@dataclass(frozen=True)
class TicketChanged:
    """A student's ticket for one meeting of a class was confirmed, ended or disputed."""

    ticket_id: int
    offer_id: int
    student_id: int


TICKET_HELD = EventType("registrations.ticket_held", TicketChanged, subject=("ticket", "ticket_id"))


TICKET_CONFIRMED = EventType("registrations.ticket_confirmed", TicketChanged, subject=("ticket", "ticket_id"))


TICKET_SUSPENDED = EventType("registrations.ticket_suspended", TicketChanged, subject=("ticket", "ticket_id"))


TICKET_ENDED = EventType("registrations.ticket_ended", TicketChanged, subject=("ticket", "ticket_id"))


TICKET_HOLD_ENDED = EventType("registrations.ticket_hold_ended", TicketChanged, subject=("ticket", "ticket_id"))


@dataclass(frozen=True)
class WaitlistChanged:
    """Someone joined a waitlist, was offered a spot, accepted it, or left the list."""

    entry_id: int
    offer_id: int


WAITING_JOINED = EventType("registrations.waiting_joined", WaitlistChanged, subject=("waiting_entry", "entry_id"))


WAITING_LEFT = EventType("registrations.waiting_left", WaitlistChanged, subject=("waiting_entry", "entry_id"))


WAITING_MOVED = EventType("registrations.waiting_moved", WaitlistChanged, subject=("waiting_entry", "entry_id"))


WAITING_CLOSED = EventType("registrations.waiting_closed", WaitlistChanged, subject=("waiting_entry", "entry_id"))


PLACE_OFFERED = EventType("registrations.place_offered", WaitlistChanged, subject=("waiting_entry", "entry_id"))


OFFER_TAKEN = EventType("registrations.offer_taken", WaitlistChanged, subject=("waiting_entry", "entry_id"))


OFFER_LAPSED = EventType("registrations.offer_lapsed", WaitlistChanged, subject=("waiting_entry", "entry_id"))
