"""Whoever attends may give the place up, whoever has paid; what comes back goes to the payer, as is best for them."""

from dataclasses import replace
from datetime import datetime

from billing.domain.cancellations import cancellation_options, quoted_cancellation
from billing.domain.cancellations.cancellation_options import By, Way
from billing.domain.cancellations.quoted_cancellation import Quote
from billing.domain.orders import transitions
from billing.models import Order, OrderLine
from classwork.models import Registration
from users.models import User

NOT_HERE = "This class can’t be canceled here. Please contact the office."


class CannotBe(Exception):
    """How it stands with the payment is not the attendee's to read, so one sentence has to do."""


def quote(registration: Registration, at: datetime) -> Quote:
    """For comparing with what will be done; its figures are the payer's."""
    try:
        return quoted_cancellation.quote(*_asked(registration, at), at)
    except transitions.CannotBe as cannot:
        raise CannotBe(NOT_HERE) from cannot


def give_up(registration: Registration, at: datetime, *, seen: str, by: User) -> None:
    """Raises Changed when it would do something else by now, Gone when it was done already, CannotBe."""
    try:
        quoted_cancellation.cancel_as_quoted(*_asked(registration, at), at, seen=seen, by=by)
    except quoted_cancellation.Gone:
        raise
    except transitions.CannotBe as cannot:
        raise CannotBe(NOT_HERE) from cannot


def _asked(registration: Registration, at: datetime) -> tuple[Order, Way]:
    line = _line(registration)
    best = cancellation_options.of(line.order, [line], at)[0]
    return line.order, replace(best, by=By.ATTENDEE)


def _line(registration: Registration) -> OrderLine:
    if registration.line is None:
        raise CannotBe(NOT_HERE)
    return registration.line
