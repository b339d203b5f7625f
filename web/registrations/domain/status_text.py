"""The status of a registration and of its payment, as people read it."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.domain import status_text
from billing.domain.status_text import StatusText
from common.formats import format_time
from registrations.domain.line_details import AttendeeDetails
from registrations.models import Registration

State = Registration.State
REGISTRATION_STATUSES = {
    State.CONFIRMED: StatusText(_("Registered"), "good"),
    State.ON_HOLD: StatusText(_("On hold"), "warn"),
    State.EXPIRED: StatusText(_("Expired"), "bad"),
    State.CANCELED: StatusText(_("Canceled")),
    State.TRANSFERRED: StatusText(_("Moved to another class")),
}


TICKET_STATUSES = REGISTRATION_STATUSES | {
    State.CONFIRMED: StatusText(_("Confirmed"), "good"),
    State.TRANSFERRED: StatusText(_("Joined the class"), "good"),
}


def registration_status(registration: Registration, at: datetime) -> StatusText:
    if registration.state == State.TRANSFERRED and registration.taken_over_by:
        return StatusText(gettext("Transferred to %(name)s") % {"name": _recipient_name(registration)})
    return _spot_status(registration, REGISTRATION_STATUSES, at)


def _recipient_name(registration: Registration) -> str:
    """The name is known only for the last transfer, because each one overwrites it on the order line."""
    is_last = len(registration.taken_over_by) == 1
    attendee = AttendeeDetails.from_line(registration.line).attendee if registration.line and is_last else None
    if attendee is None or not attendee.first_name:
        return gettext("someone else")
    return f"{attendee.first_name} {attendee.last_name}".strip()


def ticket_status(ticket: Registration, at: datetime) -> StatusText:
    if ticket.is_live and ticket.day.is_canceled:
        return StatusText(_("Class canceled"), "bad")
    if ticket.state == State.CONFIRMED and ticket.day.ends_at <= at:
        return StatusText(_("Over"))
    return _spot_status(ticket, TICKET_STATUSES, at)


def _spot_status(
    registration: Registration, statuses: Mapping[Registration.State, StatusText], at: datetime
) -> StatusText:
    if registration.state != State.HELD:
        return statuses[State(registration.state)]
    if not registration.takes_a_spot(at):
        return statuses[State.EXPIRED]
    if registration.held_until is None:
        return StatusText(_("Reserved"), "warn")
    return StatusText(gettext("Reserved until %(time)s") % {"time": format_time(registration.held_until)}, "warn")


def spot_payment_status(registration: Registration, at: datetime) -> StatusText:
    if registration.line is None:
        return StatusText(_("No payment"), "bad")
    return status_text.line_status(registration.line, at)
