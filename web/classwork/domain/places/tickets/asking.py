"""The invitation to join a class, sent the day after someone came with a ticket."""

from datetime import datetime, time, timedelta

from django.utils import timezone

from classwork.domain.places import telling
from classwork.domain.places.tickets import staying
from classwork.models import Ticket
from common import dates

FROM = time(9)
NOT_AFTER = timedelta(days=3)


def ask(at: datetime | None = None) -> int:
    at = at or timezone.now()
    today = dates.local(at).date()
    if at < dates.at(today, FROM):
        return 0
    morning = dates.at(today, time(0))
    ended = Ticket.objects.confirmed().filter(meeting__ends_at__lt=morning, meeting__ends_at__gt=morning - NOT_AFTER)
    asked = [one for one in ended.filter(meeting__cancelled_at=None).for_lists() if not staying.why_not(one, at)]
    for ticket in asked:
        telling.that_they_may_stay(ticket)
    return len(asked)
