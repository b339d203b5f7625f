"""A place and its payment, as a person at the front desk would say it."""

from collections.abc import Mapping
from datetime import datetime

from billing.domain import status_text
from billing.domain.status_text import Said
from classwork.domain.places.arrows import Seat
from classwork.domain.places.attendees import Attendee
from classwork.models import Registration, Ticket
from common.formats import format_time

State = Registration.State
SAID = {
    State.CONFIRMED: Said("Registered", "good"),
    State.ON_HOLD: Said("On hold", "warn"),
    State.LAPSED: Said("Expired", "bad"),
    State.CANCELLED: Said("Canceled"),
    State.TRANSFERRED: Said("Moved to another class"),
}


OF_TICKETS = SAID | {
    State.CONFIRMED: Said("Confirmed", "good"),
    State.TRANSFERRED: Said("Joined the class", "good"),
}


def of_place(registration: Registration, at: datetime) -> Said:
    if registration.state == State.TRANSFERRED and registration.taken_over_by:
        return Said(f"Transferred to {_new_name(registration)}")
    return _of(registration, SAID, at)


def _new_name(registration: Registration) -> str:
    """As it was typed when the spot was transferred. The line knows only the last name, not one in between."""
    is_last = len(registration.taken_over_by) == 1
    said = Attendee.of(registration.line.details) if registration.line and is_last else None
    return f"{said.first_name} {said.last_name}".strip() if said and said.first_name else "someone else"


def of_ticket(ticket: Ticket, at: datetime) -> Said:
    if ticket.is_live and ticket.meeting.is_cancelled:
        return Said("Class canceled", "bad")
    if ticket.state == State.CONFIRMED and ticket.meeting.ends_at <= at:
        return Said("Over")
    return _of(ticket, OF_TICKETS, at)


def _of(seat: Seat, said: Mapping[Registration.State, Said], at: datetime) -> Said:
    if seat.state != State.HELD:
        return said[State(seat.state)]
    if not seat.takes_a_place(at):
        return said[State.LAPSED]
    if seat.held_until is None:
        return Said("Reserved", "warn")
    return Said(f"Reserved until {format_time(seat.held_until)}", "warn")


def of_payment(registration: Seat, at: datetime) -> Said:
    """Of its own line of the order. Without an order there is no payment, and no payment is never “paid”."""
    if registration.line is None:
        return Said("No payment", "bad")
    return status_text.of_line(registration.line, at)
