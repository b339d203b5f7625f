"""The cancellation of a registration by the person who attends, with the refund going to the payer."""

from dataclasses import replace
from datetime import datetime

from billing.domain.cancellations import cancellation_options, quoted_cancellation
from billing.domain.cancellations.cancellation_options import By, Way
from billing.domain.cancellations.quoted_cancellation import Quote
from billing.domain.orders import transitions
from billing.models import Order
from classwork.models import Registration
from users.models import User

NOT_HERE = "This class can’t be canceled here. Please contact the office."


class CannotBe(Exception):
    """The message never gives details of the payment, because only the payer may read them."""


def quote(registration: Registration, at: datetime) -> Quote:
    """The amounts are the payer's, and must not be shown to the attendee."""
    try:
        return quoted_cancellation.quote(*_asked(registration, at), at)
    except transitions.CannotBe as cannot:
        raise CannotBe(NOT_HERE) from cannot


def give_up(registration: Registration, at: datetime, *, seen: str, by: User) -> None:
    """Raises CancellationChanged, AlreadyCanceled or StudentCancellationRefused."""
    try:
        quoted_cancellation.cancel_as_quoted(*_asked(registration, at), at, seen=seen, by=by)
    except quoted_cancellation.Gone:
        raise
    except transitions.CannotBe as cannot:
        raise CannotBe(NOT_HERE) from cannot


def _asked(registration: Registration, at: datetime) -> tuple[Order, Way]:
    line = registration.line
    if line is None:
        raise CannotBe(NOT_HERE)
    best = cancellation_options.of(line.order, [line], at)[0]
    return line.order, replace(best, by=By.ATTENDEE)
