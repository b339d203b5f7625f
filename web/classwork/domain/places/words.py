"""A place and its payment, as a person at the front desk would say it."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format

from billing.domain import words
from billing.domain.words import Said
from classwork.models import Registration

State = Registration.State
SAID = {
    State.CONFIRMED: Said("Registered", "good"),
    State.ON_HOLD: Said("Waiting for a decision", "warn"),
    State.LAPSED: Said("Not paid in time", "bad"),
    State.CANCELLED: Said("Cancelled"),
    State.TRANSFERRED: Said("Moved to another class"),
}


def of_place(registration: Registration, at: datetime) -> Said:
    if registration.state != State.HELD:
        return SAID[State(registration.state)]
    if not registration.takes_a_place(at):
        return SAID[State.LAPSED]
    if registration.held_until is None:
        return Said("Place kept", "warn")
    return Said(f"Place kept until {date_format(timezone.localtime(registration.held_until), 'H:i')}", "warn")


def of_payment(registration: Registration, at: datetime) -> Said:
    """Without an order there is no payment, and no payment is never “paid”."""
    if registration.line is None:
        return Said("No payment", "bad")
    return words.of_order(registration.line.order, at)
