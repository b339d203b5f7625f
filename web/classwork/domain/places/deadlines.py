"""Until which class day people may change something about their place by themselves."""

from datetime import datetime

from classwork.domain.places import terms
from classwork.models import CancellationStep, Registration


def until(registration: Registration, number: int) -> datetime | None:
    """The beginning of that class day, or of the last where fewer take place; None while no date is known."""
    when = [meeting.starts_at for meeting in registration.offer.meetings.all() if not meeting.is_cancelled]
    return terms.ends(f"{CancellationStep.Unit.MEETING} {number}", when)


def in_time(registration: Registration, number: int, at: datetime) -> bool:
    """Never where the school set 0."""
    ends = until(registration, number) if number else None
    return bool(number) and (ends is None or at <= ends)
