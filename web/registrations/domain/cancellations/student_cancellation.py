"""The cancellation of a registration by the person who attends, with the refund going to the payer."""

from dataclasses import replace
from datetime import datetime

from billing.domain.cancellations import cancellation_options, quoted_cancellation
from billing.domain.cancellations.cancellation_options import CanceledBy, CancellationOption
from billing.domain.cancellations.quoted_cancellation import CancellationQuote
from billing.errors import AlreadyCanceled, OrderTransitionRefused
from billing.models import Order
from registrations.models import Registration
from users.models import User

NOT_HERE = "This class can’t be canceled here. Please contact the office."


class StudentCancellationRefused(Exception):
    """The message never gives details of the payment, because only the payer may read them."""


def quote_student_cancellation(registration: Registration, at: datetime) -> CancellationQuote:
    """The amounts are the payer's, and must not be shown to the attendee."""
    try:
        return quoted_cancellation.quote_cancellation(*_order_and_best_option(registration, at), at)
    except OrderTransitionRefused as cannot:
        raise StudentCancellationRefused(NOT_HERE) from cannot


def cancel_own_registration(registration: Registration, at: datetime, *, seen: str, by: User) -> None:
    """Raises CancellationChanged, AlreadyCanceled or StudentCancellationRefused."""
    try:
        quoted_cancellation.cancel_as_quoted(*_order_and_best_option(registration, at), at, seen=seen, by=by)
    except AlreadyCanceled:
        raise
    except OrderTransitionRefused as cannot:
        raise StudentCancellationRefused(NOT_HERE) from cannot


def _order_and_best_option(registration: Registration, at: datetime) -> tuple[Order, CancellationOption]:
    line = registration.line
    if line is None:
        raise StudentCancellationRefused(NOT_HERE)
    best = cancellation_options.options_for_lines(line.order, [line], at)[0]
    return line.order, replace(best, by=CanceledBy.ATTENDEE)
