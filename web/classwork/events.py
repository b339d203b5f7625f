"""What happens to the school's classes. `change` is the id of the history entry, which says who did it and why."""

from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class ScheduleChanged:
    """Meetings of a class were added, moved or removed; each of `moves` has meeting, before and after (ISO, or
    empty)."""

    offer_id: int
    change: int
    moves: list[dict[str, str]]


@dataclass(frozen=True)
class MeetingChanged:
    """One meeting of a class was canceled, restored, moved, added or assigned to a substitute."""

    offer_id: int
    meeting_id: int
    change: int


@dataclass(frozen=True)
class OfferSaved:
    """A class was added to a session, or its values were changed."""

    offer_id: int
    change: int


@dataclass(frozen=True)
class OfferDecided:
    """A class was approved for the public, or its approval was withdrawn."""

    offer_id: int
    change: int


@dataclass(frozen=True)
class SubjectDecided:
    """A subject was approved for the public, or its approval was withdrawn."""

    subject_id: int
    change: int


@dataclass(frozen=True)
class ProposalMoved:
    """A teacher's proposal was submitted, answered or approved."""

    proposal_id: int
    change: int


SCHEDULE_CHANGED = EventType("classwork.schedule_changed", ScheduleChanged, subject=("class_offer", "offer_id"))
MEETING_CANCELLED = EventType("classwork.meeting_cancelled", MeetingChanged, subject=("class_offer", "offer_id"))
MEETING_RESTORED = EventType("classwork.meeting_restored", MeetingChanged, subject=("class_offer", "offer_id"))
MEETING_MOVED = EventType("classwork.meeting_moved", MeetingChanged, subject=("class_offer", "offer_id"))
MEETING_ADDED = EventType("classwork.meeting_added", MeetingChanged, subject=("class_offer", "offer_id"))
SUBSTITUTES_CHANGED = EventType("classwork.substitutes_changed", MeetingChanged, subject=("class_offer", "offer_id"))
OFFER_CREATED = EventType("classwork.offer_created", OfferSaved, subject=("class_offer", "offer_id"))
OFFER_CHANGED = EventType("classwork.offer_changed", OfferSaved, subject=("class_offer", "offer_id"))
OFFER_APPROVED = EventType("classwork.offer_approved", OfferDecided, subject=("class_offer", "offer_id"))
OFFER_HIDDEN = EventType("classwork.offer_hidden", OfferDecided, subject=("class_offer", "offer_id"))
SUBJECT_APPROVED = EventType("classwork.subject_approved", SubjectDecided, subject=("subject", "subject_id"))
SUBJECT_HIDDEN = EventType("classwork.subject_hidden", SubjectDecided, subject=("subject", "subject_id"))
PROPOSAL_SUBMITTED = EventType("classwork.proposal_submitted", ProposalMoved, subject=("proposal", "proposal_id"))
PROPOSAL_ANSWERED = EventType("classwork.proposal_answered", ProposalMoved, subject=("proposal", "proposal_id"))
PROPOSAL_APPROVED = EventType("classwork.proposal_approved", ProposalMoved, subject=("proposal", "proposal_id"))


@dataclass(frozen=True)
class SchoolCancelled:
    """The school canceled class days or a whole class, with a compensation for the students."""

    call_off_id: int


@dataclass(frozen=True)
class RunDecided:
    """A class with a minimum enrollment was confirmed, its decision was postponed, or it needs a decision."""

    offer_id: int


CLASS_CONFIRMED = EventType("classwork.class_confirmed", RunDecided, subject=("class_offer", "offer_id"))
DECISION_PUT_OFF = EventType("classwork.decision_put_off", RunDecided, subject=("class_offer", "offer_id"))
DECISION_NEEDED = EventType("classwork.decision_needed", RunDecided, subject=("class_offer", "offer_id"))
CALLED_OFF = EventType("classwork.called_off", SchoolCancelled, subject=("call_off", "call_off_id"))


@dataclass(frozen=True)
class PlaceChanged:
    """A student's spot in a class was confirmed, ended or disputed."""

    registration_id: int
    offer_id: int
    student_id: int


PLACE_HELD = EventType("classwork.place_held", PlaceChanged, subject=("registration", "registration_id"))
REGISTRATION_CONFIRMED = EventType(
    "classwork.registration_confirmed", PlaceChanged, subject=("registration", "registration_id")
)
REGISTRATION_SUSPENDED = EventType(
    "classwork.registration_suspended", PlaceChanged, subject=("registration", "registration_id")
)
REGISTRATION_ENDED = EventType(
    "classwork.registration_ended", PlaceChanged, subject=("registration", "registration_id")
)
HOLD_ENDED = EventType("classwork.hold_ended", PlaceChanged, subject=("registration", "registration_id"))


@dataclass(frozen=True)
class TicketChanged:
    """A student's ticket for one meeting of a class was confirmed, ended or disputed."""

    ticket_id: int
    offer_id: int
    student_id: int


TICKET_HELD = EventType("classwork.ticket_held", TicketChanged, subject=("ticket", "ticket_id"))
TICKET_CONFIRMED = EventType("classwork.ticket_confirmed", TicketChanged, subject=("ticket", "ticket_id"))
TICKET_SUSPENDED = EventType("classwork.ticket_suspended", TicketChanged, subject=("ticket", "ticket_id"))
TICKET_ENDED = EventType("classwork.ticket_ended", TicketChanged, subject=("ticket", "ticket_id"))
TICKET_HOLD_ENDED = EventType("classwork.ticket_hold_ended", TicketChanged, subject=("ticket", "ticket_id"))


@dataclass(frozen=True)
class WaitingMoved:
    """Someone joined a waitlist, was offered a spot, accepted it, or left the list."""

    entry_id: int
    offer_id: int


WAITING_JOINED = EventType("classwork.waiting_joined", WaitingMoved, subject=("waiting_entry", "entry_id"))
WAITING_LEFT = EventType("classwork.waiting_left", WaitingMoved, subject=("waiting_entry", "entry_id"))
WAITING_MOVED = EventType("classwork.waiting_moved", WaitingMoved, subject=("waiting_entry", "entry_id"))
WAITING_CLOSED = EventType("classwork.waiting_closed", WaitingMoved, subject=("waiting_entry", "entry_id"))
PLACE_OFFERED = EventType("classwork.place_offered", WaitingMoved, subject=("waiting_entry", "entry_id"))
OFFER_TAKEN = EventType("classwork.offer_taken", WaitingMoved, subject=("waiting_entry", "entry_id"))
OFFER_LAPSED = EventType("classwork.offer_lapsed", WaitingMoved, subject=("waiting_entry", "entry_id"))
