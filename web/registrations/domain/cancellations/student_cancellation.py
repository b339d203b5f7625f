"""The cancellation of a registration by the person who attends, with the refund going to the payer."""

from dataclasses import replace
from datetime import datetime

from billing.domain.cancellations import quoted_cancellation
from billing.domain.cancellations.cancellation_quote import CancellationQuote
from billing.errors import AlreadyCanceled, OrderTransitionRefused
from billing.models import CanceledBy, OrderLine
from registrations.errors import RegistrationRefused
from registrations.models import Registration
from users.models import User

NOT_HERE = "This class can’t be canceled here. Please contact the office."


def quote_student_cancellation(registration: Registration, at: datetime) -> CancellationQuote:
    """The amounts are the payer's, and must not be shown to the attendee."""
    line = _line_of(registration)
    try:
        best = quoted_cancellation.quotes_for_payer(line.order, [line], at)[0]
    except OrderTransitionRefused as refused:
        raise RegistrationRefused(NOT_HERE, "not_cancelable") from refused
    return replace(best, option=replace(best.option, by=CanceledBy.ATTENDEE))


def cancel_own_registration(registration: Registration, at: datetime, *, seen: str, by: User) -> None:
    """Raises CancellationChanged, AlreadyCanceled or RegistrationRefused."""
    line = _line_of(registration)
    try:
        quoted_cancellation.cancel_for_payer(line.order, [line], CanceledBy.ATTENDEE, at, seen=seen, by=by)
    except AlreadyCanceled:
        raise
    except OrderTransitionRefused as refused:
        raise RegistrationRefused(NOT_HERE, "not_cancelable") from refused


def _line_of(registration: Registration) -> OrderLine:
    if registration.line is None:
        raise RegistrationRefused(NOT_HERE, "not_cancelable")
    return registration.line
