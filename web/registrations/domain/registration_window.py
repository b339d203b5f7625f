"""Which classes are open for registration, and at which price."""

from datetime import datetime

from django.db.models import Q

from billing.rules.price_facts import PriceFacts
from classwork.models import ClassOffer
from common import dates
from common.money import ZERO
from registrations.domain import late_joining
from registrations.domain.late_joining import JoiningTerms

OVER = "This class is over."
CLOSED = "Registration for this class is closed."
NOT_OPEN = "This class isn’t open for registration."
CLASS_CANCELED = "This class is canceled."


def open_classes(at: datetime) -> list[ClassOffer]:
    today = dates.to_local_time(at).date()
    is_open = Q(session__expire_date__gte=today) | Q(last_joinable_class__isnull=False)
    published = ClassOffer.objects.published(today).filter(is_open, canceled_at=None).for_lists()
    return [offer for offer in published if not closed_reason(offer, at)]


def closed_reason(offer: ClassOffer, at: datetime, *, known: bool = False) -> str:
    """Returns '' while people can register. People who have tried the class (`known`) may register after the
    deadline."""
    today = dates.to_local_time(at).date()
    if not offer.is_listed or offer.session.publish_date > today:
        return NOT_OPEN
    if offer.is_canceled:
        return CLASS_CANCELED
    starts = [meeting.starts_at for meeting in offer.meetings.all() if not meeting.is_canceled]
    if starts and max(starts) <= at:
        return OVER
    if offer.session.expire_date < today and offer.last_joinable_class is None and not known:
        return CLOSED
    return late_joining.too_late_message(offer, at)


def class_price_facts(offer: ClassOffer, joins: JoiningTerms) -> PriceFacts:
    return PriceFacts(
        full=offer.full_price,
        less=joins.less,
        less_why=joins.reason_text,
        prepay=ZERO if joins.is_late else offer.pre_pay_discount,
        multi=ZERO if joins.is_late else offer.multi_discount,
        starts=first_start(offer),
        at_the_door=offer.pay_at_door,
    )


def first_start(offer: ClassOffer) -> datetime | None:
    return min((meeting.starts_at for meeting in offer.meetings.all() if not meeting.is_canceled), default=None)
