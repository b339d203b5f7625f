"""Extends a class: each canceled day is replaced a week after the last day, at the usual time and location."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from classwork.domain.schedule.meetings import MeetingDraft
from classwork.models import ClassOffer, Meeting


def replacement_dates(class_offer: ClassOffer, canceled: Sequence[Meeting]) -> dict[int, MeetingDraft]:
    last = max(meeting.local_date for meeting in class_offer.uncanceled_meetings)
    skipped = {each.day for each in class_offer.skipped_dates.all()}
    drafts = {}
    for meeting in sorted(canceled, key=lambda meeting: (meeting.starts_at, meeting.pk)):
        last += timedelta(weeks=1)
        while last in skipped:
            last += timedelta(weeks=1)
        drafts[meeting.pk] = MeetingDraft(last, class_offer.start_time)
    return drafts


def replacement_dates_by_class(
    class_offers: Mapping[int, ClassOffer], canceled: Iterable[Meeting]
) -> dict[int, MeetingDraft]:
    meetings = list(canceled)
    drafts: dict[int, MeetingDraft] = {}
    for pk, class_offer in class_offers.items():
        if of_class := [meeting for meeting in meetings if meeting.class_offer_id == pk]:
            drafts |= replacement_dates(class_offer, of_class)
    return drafts
