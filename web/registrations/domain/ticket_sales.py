"""Tickets are registrations for a single meeting: for which meetings they are sold, until when, and at which price."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings

from classwork.models import ClassOffer, Meeting
from common import dates
from registrations.domain import capacity, registration_window
from registrations.domain.capacity import Availability

NOT_SOLD = "This class has no drop-ins or trials."
NO_TRIAL = "This class has no trial."
DAY_CANCELED = "This class is canceled."
TOO_LATE = "It’s too late to book this class."


@dataclass(frozen=True)
class TicketDay:
    """A meeting to come, and the spots that are left on that day."""

    meeting: Meeting
    availability: Availability


def ticket_price(class_offer: ClassOffer, *, trial: bool) -> Decimal | None:
    return class_offer.trial_price if trial else class_offer.drop_in_price


def sells_tickets(class_offer: ClassOffer) -> bool:
    return class_offer.drop_in_price is not None or class_offer.trial_price is not None


def nothing_on_sale_reason(class_offer: ClassOffer) -> str:
    return TOO_LATE if sells_tickets(class_offer) else NOT_SOLD


def is_on_sale(class_offer: ClassOffer, at: datetime) -> bool:
    if class_offer.is_canceled or not sells_tickets(class_offer):
        return False
    return any(at < ticket_sale_end(meeting) for meeting in class_offer.uncanceled_meetings)


def ticket_closed_reason(meeting: Meeting, at: datetime, *, trial: bool, by_desk: bool = False) -> str:
    """Returns '' while a ticket can be bought, also after registration has closed."""
    class_offer = meeting.class_offer
    if not class_offer.is_listed or class_offer.session.publish_date > dates.to_local_time(at).date():
        return registration_window.NOT_OPEN
    if class_offer.is_canceled:
        return registration_window.CLASS_CANCELED
    if ticket_price(class_offer, trial=trial) is None:
        return NO_TRIAL if trial else NOT_SOLD
    if meeting.is_canceled:
        return DAY_CANCELED
    return TOO_LATE if at >= ticket_sale_end(meeting, by_desk=by_desk) else ""


def ticket_sale_end(meeting: Meeting, *, by_desk: bool = False) -> datetime:
    return meeting.starts_at - timedelta(minutes=0 if by_desk else settings.TICKETS_UNTIL_MINUTES)


def days_with_tickets(class_offer: ClassOffer, at: datetime, *, by_desk: bool = False) -> list[TicketDay]:
    if not sells_tickets(class_offer):
        return []
    on_sale = [meeting for meeting in class_offer.uncanceled_meetings if at < ticket_sale_end(meeting, by_desk=by_desk)]
    availability = capacity.availability_by_meeting(class_offer, on_sale, at)
    return [TicketDay(meeting, availability[meeting.pk]) for meeting in on_sale]
