"""Classes that have started, for tests of late joining and of tickets."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.models import Order
from classwork.models import ClassOffer, Meeting
from registrations.domain.line_details import Attendee, AttendeeDetails
from tests.registrations import purchases

HOUR = timedelta(hours=1)


def begun(class_offer: ClassOffer, gone: int) -> list[Meeting]:
    """So many of its classes have started; the next begins within the hour, each a week after the one before."""
    now = timezone.now()
    found = list(class_offer.meetings.order_by("starts_at"))
    for number, meeting in enumerate(found):
        _put(meeting, now + HOUR + timedelta(weeks=number - gone))
    return found


def _put(meeting: Meeting, at: datetime) -> None:
    meeting.starts_at, meeting.ends_at = at, at + HOUR
    meeting.save()


def fresh(class_offer: ClassOffer) -> ClassOffer:
    """As a page finds it."""
    return ClassOffer.objects.for_lists().get(pk=class_offer.pk)


def ticket_cart(
    meeting: Meeting, attendee: Attendee, order: Order | None = None, *, trial: bool = False, role: str = "", **who: Any
) -> Order:
    order = order or purchases.cart(**who)
    carts.add_line(order, "ticket", meeting.pk, AttendeeDetails(attendee, role=role, trial=trial).as_json())
    return order
