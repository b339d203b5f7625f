"""The cancellation of a registration by the person who attends, with the refund going to the payer."""

from dataclasses import replace
from datetime import datetime

from billing.domain.cancellations import cancellation_options, quoted_cancellation
from billing.domain.cancellations.cancellation_options import CanceledBy, CancellationOption
from billing.domain.cancellations.quoted_cancellation import CancellationQuote
from billing.errors import AlreadyCanceled, OrderTransitionRefused
from billing.models import Order
from registrations.errors import RegistrationRefused
from registrations.models import Registration
from users.models import User

NOT_HERE = "This class can’t be canceled here. Please contact the office."


def quote_student_cancellation(registration: Registration, at: datetime) -> CancellationQuote:
    """The amounts are the payer's, and must not be shown to the attendee."""
    try:
        return quoted_cancellation.quote_cancellation(*_order_and_best_option(registration, at), at)
    except OrderTransitionRefused as refused:
        raise RegistrationRefused(NOT_HERE, "not_cancelable") from refused


def cancel_own_registration(registration: Registration, at: datetime, *, seen: str, by: User) -> None:
    """Raises CancellationChanged, AlreadyCanceled or RegistrationRefused."""
    try:
        quoted_cancellation.cancel_as_quoted(*_order_and_best_option(registration, at), at, seen=seen, by=by)
    except AlreadyCanceled:
        raise
    except OrderTransitionRefused as refused:
        raise RegistrationRefused(NOT_HERE, "not_cancelable") from refused


def _order_and_best_option(registration: Registration, at: datetime) -> tuple[Order, CancellationOption]:
    line = registration.line
    if line is None:
        raise RegistrationRefused(NOT_HERE, "not_cancelable")
    best = cancellation_options.options_for_lines(line.order, [line], at)[0]
    return line.order, replace(best, by=CanceledBy.ATTENDEE)
