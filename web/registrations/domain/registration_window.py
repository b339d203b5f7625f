"""Which classes are open for registration, and at which price."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from billing.rules.price_facts import PriceFacts
from classwork.models import ClassOffer
from common import dates
from registrations.domain import late_joining
from registrations.domain.late_joining import JoiningTerms

OVER = "This class is over."
CLOSED = "Registration for this class is closed."
NOT_OPEN = "This class isn’t open for registration."
CLASS_CANCELED = "This class is canceled."


def open_classes(at: datetime, ids: Collection[int] | None = None) -> list[ClassOffer]:
    """Of all classes, or of those with these ids."""
    today = dates.to_local_time(at).date()
    is_open = Q(session__expire_date__gte=today) | Q(last_joinable_class__isnull=False)
    published = ClassOffer.objects.published(today).filter(is_open, canceled_at=None).for_orders()
    if ids is not None:
        published = published.filter(pk__in=ids)
    return [class_offer for class_offer in published if not closed_reason(class_offer, at)]


def closed_reason(class_offer: ClassOffer, at: datetime, *, known: bool = False) -> str:
    """Returns '' while people can register. People who have tried the class (`known`) may register after the
    deadline."""
    today = dates.to_local_time(at).date()
    if not class_offer.is_listed or class_offer.session.publish_date > today:
        return NOT_OPEN
    if class_offer.is_canceled:
        return CLASS_CANCELED
    starts = [meeting.starts_at for meeting in class_offer.uncanceled_meetings]
    if starts and max(starts) <= at:
        return OVER
    if class_offer.session.expire_date < today and class_offer.last_joinable_class is None and not known:
        return CLOSED
    return late_joining.too_late_message(class_offer, at)


def class_price_facts(class_offer: ClassOffer, joins: JoiningTerms) -> PriceFacts:
    return PriceFacts(
        list_price=class_offer.full_price,
        reduction=joins.reduction,
        reduction_reason=joins.reason_text,
        early_discount=joins.early_discount,
        multi_class_discount=joins.multi_discount,
        first_meeting_at=first_start(class_offer),
        at_the_door=class_offer.pay_at_door,
    )


def first_start(class_offer: ClassOffer) -> datetime | None:
    return min((meeting.starts_at for meeting in class_offer.uncanceled_meetings), default=None)
