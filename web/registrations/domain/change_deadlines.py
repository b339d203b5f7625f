"""The deadlines until which students may change their own registrations."""

from datetime import datetime

from classwork.domain.schedule import cancellation_terms
from classwork.models import CancellationTermsStep
from registrations.models import Registration


def change_deadline(registration: Registration, number: int) -> datetime | None:
    starts = [meeting.starts_at for meeting in registration.class_offer.uncanceled_meetings]
    return cancellation_terms.step_deadline(f"{CancellationTermsStep.Unit.MEETING} {number}", starts)


def is_before_deadline(registration: Registration, number: int, at: datetime) -> bool:
    """A number of 0 means that the school does not allow the change at all."""
    ends = change_deadline(registration, number) if number else None
    return bool(number) and (ends is None or at <= ends)
