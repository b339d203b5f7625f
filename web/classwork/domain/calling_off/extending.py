"""Extends a class: each canceled day is replaced a week after the last day, at the usual time and location."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from classwork.domain.schedule.meetings import MeetingDraft
from classwork.models import ClassOffer, Meeting


def days(offer: ClassOffer, cancelled: Sequence[Meeting]) -> dict[int, MeetingDraft]:
    """The class must be loaded with its timetable."""
    last = max(meeting.local_date for meeting in offer.meetings.all() if not meeting.is_cancelled)
    found = {}
    for meeting in sorted(cancelled, key=lambda one: (one.starts_at, one.pk)):
        last = _free(last + timedelta(weeks=1), offer)
        found[meeting.pk] = MeetingDraft(last, offer.start_time)
    return found


def _free(day: date, offer: ClassOffer) -> date:
    skipped = {each.on for each in offer.skipped_dates.all()}
    while day in skipped:
        day += timedelta(weeks=1)
    return day


def of_all(offers: Mapping[int, ClassOffer], cancelled: Iterable[Meeting]) -> dict[int, MeetingDraft]:
    gone = list(cancelled)
    found: dict[int, MeetingDraft] = {}
    for pk, offer in offers.items():
        if mine := [meeting for meeting in gone if meeting.offer_id == pk]:
            found |= days(offer, mine)
    return found
