"""The status of a registration or ticket and of its payment, as people read it."""

from collections.abc import Mapping
from datetime import datetime

from billing.domain import status_text
from billing.domain.status_text import Said
from classwork.domain.places.arrows import Seat
from classwork.domain.places.attendees import Attendee
from classwork.models import Registration, Ticket
from common.formats import format_time

State = Registration.State
REGISTRATION_STATUSES = {
    State.CONFIRMED: Said("Registered", "good"),
    State.ON_HOLD: Said("On hold", "warn"),
    State.LAPSED: Said("Expired", "bad"),
    State.CANCELLED: Said("Canceled"),
    State.TRANSFERRED: Said("Moved to another class"),
}


TICKET_STATUSES = REGISTRATION_STATUSES | {
    State.CONFIRMED: Said("Confirmed", "good"),
    State.TRANSFERRED: Said("Joined the class", "good"),
}


def of_place(registration: Registration, at: datetime) -> Said:
    if registration.state == State.TRANSFERRED and registration.taken_over_by:
        return Said(f"Transferred to {_new_name(registration)}")
    return _of(registration, REGISTRATION_STATUSES, at)


def _new_name(registration: Registration) -> str:
    """The name is known only for the last transfer, because each one overwrites it on the order line."""
    is_last = len(registration.taken_over_by) == 1
    attendee = Attendee.of(registration.line.details) if registration.line and is_last else None
    return f"{attendee.first_name} {attendee.last_name}".strip() if attendee and attendee.first_name else "someone else"


def of_ticket(ticket: Ticket, at: datetime) -> Said:
    if ticket.is_live and ticket.meeting.is_cancelled:
        return Said("Class canceled", "bad")
    if ticket.state == State.CONFIRMED and ticket.meeting.ends_at <= at:
        return Said("Over")
    return _of(ticket, TICKET_STATUSES, at)


def _of(spot: Seat, statuses: Mapping[Registration.State, Said], at: datetime) -> Said:
    if spot.state != State.HELD:
        return statuses[State(spot.state)]
    if not spot.takes_a_place(at):
        return statuses[State.LAPSED]
    if spot.held_until is None:
        return Said("Reserved", "warn")
    return Said(f"Reserved until {format_time(spot.held_until)}", "warn")


def of_payment(spot: Seat, at: datetime) -> Said:
    if spot.line is None:
        return Said("No payment", "bad")
    return status_text.of_line(spot.line, at)
