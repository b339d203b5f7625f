"""Classes that have begun, for tests of joining them and of trying one evening."""

from datetime import datetime, timedelta

from django.utils import timezone

from classwork.models import ClassOffer, Meeting

HOUR = timedelta(hours=1)


def begun(offer: ClassOffer, gone: int) -> list[Meeting]:
    """So many of its classes have started; the next begins within the hour, each a week after the one before."""
    now = timezone.now()
    found = list(offer.meetings.order_by("starts_at"))
    for number, meeting in enumerate(found):
        _put(meeting, now + HOUR + timedelta(weeks=number - gone))
    return found


def _put(meeting: Meeting, at: datetime) -> None:
    meeting.starts_at, meeting.ends_at = at, at + HOUR
    meeting.save()


def fresh(offer: ClassOffer) -> ClassOffer:
    """As a page finds it."""
    return ClassOffer.objects.for_lists().get(pk=offer.pk)
