"""Which classes can be registered for, and at which price."""

from datetime import datetime

from django.db.models import Q

from billing.kinds import ZERO, Facts
from classwork.domain.places import joining
from classwork.domain.places.joining import Joining
from classwork.models import ClassOffer
from common import dates

OVER = "This class is over."
CLOSED = "Registration for this class is closed."
NOT_OPEN = "This class isn’t open for registration."
CALLED_OFF = "This class is canceled."


def open_offers(at: datetime) -> list[ClassOffer]:
    """In the order of the week; classes that are full are among them."""
    today = dates.local(at).date()
    lasts = Q(session__expire_date__gte=today) | Q(last_joining__isnull=False)
    found = ClassOffer.objects.published(today).filter(lasts, called_off_at=None).for_lists()
    return [offer for offer in found if not closed_because(offer, at)]


def closed_because(offer: ClassOffer, at: datetime, *, known: bool = False) -> str:
    """'' while people can register: approved, its session published and not expired, and a class day still to come
    from which one can join.

    The session's end of registration is for newcomers (`known` are those who have been there for an evening), and for
    classes that do not say themselves until when one can join.
    """
    today = dates.local(at).date()
    if not offer.is_listed or offer.session.publish_date > today:
        return NOT_OPEN
    if offer.is_called_off:
        return CALLED_OFF
    if _is_over(offer, at):
        return OVER
    if offer.session.expire_date < today and offer.last_joining is None and not known:
        return CLOSED
    return joining.too_late(offer, at)


def facts(offer: ClassOffer, joins: Joining) -> Facts:
    """What a place costs."""
    return Facts(
        full=offer.full_price,
        less=joins.less,
        less_why=joins.reason_text,
        prepay=ZERO if joins.is_late else offer.pre_pay_discount,
        multi=ZERO if joins.is_late else offer.multi_discount,
        starts=first_start(offer),
        at_the_door=offer.pay_at_door,
    )


def _is_over(offer: ClassOffer, at: datetime) -> bool:
    starts = [meeting.starts_at for meeting in offer.meetings.all() if not meeting.is_cancelled]
    return bool(starts) and max(starts) <= at


def first_start(offer: ClassOffer) -> datetime | None:
    """Of the meetings that take place."""
    return min((meeting.starts_at for meeting in offer.meetings.all() if not meeting.is_cancelled), default=None)
