"""Whoever attends may give the place up, whoever has paid; what comes back goes to the payer, as is best for them."""

from dataclasses import replace
from datetime import datetime

from billing.domain import orders, quoting, ways
from billing.domain.quoting import Quote
from billing.domain.ways import By, Way
from billing.models import Order, OrderLine
from classwork.models import Registration
from users.models import User

NOT_HERE = "This class can’t be canceled here. Please contact the office."


class CannotBe(Exception):
    """How it stands with the payment is not the attendee's to read, so one sentence has to do."""


def quote(registration: Registration, at: datetime) -> Quote:
    """For comparing with what will be done; its figures are the payer's."""
    try:
        return quoting.quote(*_asked(registration, at), at)
    except orders.CannotBe as cannot:
        raise CannotBe(NOT_HERE) from cannot


def give_up(registration: Registration, at: datetime, *, seen: str, by: User) -> None:
    """Raises Changed when it would do something else by now, Gone when it was done already, CannotBe."""
    try:
        quoting.cancel_as_quoted(*_asked(registration, at), at, seen=seen, by=by)
    except quoting.Gone:
        raise
    except orders.CannotBe as cannot:
        raise CannotBe(NOT_HERE) from cannot


def _asked(registration: Registration, at: datetime) -> tuple[Order, Way]:
    line = _line(registration)
    best = ways.of(line.order, [line], at)[0]
    return line.order, replace(best, by=By.ATTENDEE)


def _line(registration: Registration) -> OrderLine:
    if registration.line is None:
        raise CannotBe(NOT_HERE)
    return registration.line
