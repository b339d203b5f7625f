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


def start_class(class_offer: ClassOffer, classes_held: int) -> list[Meeting]:
    """Moves the meetings: `classes_held` of them have started, and the next one begins in an hour."""
    now = timezone.now()
    meetings = list(class_offer.meetings.order_by("starts_at"))
    for number, meeting in enumerate(meetings):
        _move_meeting(meeting, now + HOUR + timedelta(weeks=number - classes_held))
    return meetings


def _move_meeting(meeting: Meeting, at: datetime) -> None:
    meeting.starts_at, meeting.ends_at = at, at + HOUR
    meeting.save()


def reload_class(class_offer: ClassOffer) -> ClassOffer:
    """Loads the class as a page does."""
    return ClassOffer.objects.for_lists().get(pk=class_offer.pk)


def ticket_cart(
    meeting: Meeting, attendee: Attendee, order: Order | None = None, *, trial: bool = False, role: str = "", **who: Any
) -> Order:
    order = order or purchases.cart(**who)
    chosen = {"part_id": meeting.pk, "role": role, "is_trial": trial}
    carts.add_line(order, "class", meeting.class_offer_id, AttendeeDetails(attendee).as_json(), **chosen)
    return order
