"""The meetings for which tickets are sold, until when, and at which price."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings

from classwork.domain.places import opening, room
from classwork.domain.places.room import Room
from classwork.models import ClassOffer, Meeting
from common import dates

NOT_SOLD = "This class has no drop-ins or trials."
NO_TRIAL = "This class has no trial."
OFF = "This class is canceled."
BEGUN = "It’s too late to book this class."


@dataclass(frozen=True)
class Day:
    """A meeting to come, and the spots that are left on that day."""

    meeting: Meeting
    room: Room


def price(offer: ClassOffer, *, trial: bool) -> Decimal | None:
    return offer.trial_price if trial else offer.drop_in_price


def is_sold(offer: ClassOffer) -> bool:
    return offer.drop_in_price is not None or offer.trial_price is not None


def is_on_sale(offer: ClassOffer, at: datetime) -> bool:
    to_come = [one for one in offer.meetings.all() if not one.is_cancelled]
    return is_sold(offer) and not offer.is_called_off and any(at < sold_until(one) for one in to_come)


def closed_because(meeting: Meeting, at: datetime, *, trial: bool, by_desk: bool = False) -> str:
    """Returns '' while a ticket can be bought, also after registration has closed."""
    offer = meeting.offer
    if not offer.is_listed or offer.session.publish_date > dates.local(at).date():
        return opening.NOT_OPEN
    if offer.is_called_off:
        return opening.CALLED_OFF
    if price(offer, trial=trial) is None:
        return NO_TRIAL if trial else NOT_SOLD
    if meeting.is_cancelled:
        return OFF
    return BEGUN if at >= sold_until(meeting, by_desk=by_desk) else ""


def sold_until(meeting: Meeting, *, by_desk: bool = False) -> datetime:
    return meeting.starts_at - timedelta(minutes=0 if by_desk else settings.TICKETS_UNTIL_MINUTES)


def days(offer: ClassOffer, at: datetime, *, by_desk: bool = False) -> list[Day]:
    to_come = [one for one in offer.meetings.all() if not one.is_cancelled]
    sold = [one for one in to_come if at < sold_until(one, by_desk=by_desk)]
    rooms = room.by_day(offer, sold, at)
    return [Day(one, rooms[one.pk]) for one in sold]
