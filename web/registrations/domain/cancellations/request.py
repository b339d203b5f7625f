"""What is to be canceled, and how students are compensated."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet

from classwork.domain.schedule.meetings import MeetingDraft
from classwork.models import ClassOffer, Location, Meeting
from common import dates
from registrations.models import CompensationPolicy

FOR_DAYS = (
    CompensationPolicy.REFUND,
    CompensationPolicy.CREDIT,
    CompensationPolicy.MAKE_UP,
    CompensationPolicy.EXTENSION,
    CompensationPolicy.NOTHING,
)
FOR_CLASSES = (CompensationPolicy.REFUND, CompensationPolicy.CREDIT, CompensationPolicy.NOTHING)


@dataclass(frozen=True)
class CancellationRequest:
    """Class days by their ids, or a whole class with all its remaining days.

    `replacements` maps a canceled day to its replacement, and `exceptions` maps the key of a spot to a compensation
    that differs from the policy.
    """

    policy: str
    meetings: frozenset[int] = frozenset()
    class_offer: int | None = None
    replacements: Mapping[int, MeetingDraft] = field(default_factory=dict)
    exceptions: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_moved(self) -> bool:
        return self.policy in (CompensationPolicy.MAKE_UP, CompensationPolicy.EXTENSION)

    def load_classes(self) -> dict[int, ClassOffer]:
        days = Meeting.objects.filter(pk__in=self.meetings).order_by()
        return load_classes(Q(pk=self.class_offer) | Q(pk__in=days.values("class_offer")))

    def canceled_meetings(self, class_offers: Iterable[ClassOffer], now: datetime) -> list[Meeting]:
        meetings = (meeting for class_offer in class_offers for meeting in cancelable_meetings_of(class_offer, now))
        chosen = (each for each in meetings if self.class_offer is not None or each.pk in self.meetings)
        return sorted(chosen, key=lambda meeting: (meeting.starts_at, meeting.pk))


def load_classes(condition: Q) -> dict[int, ClassOffer]:
    classes = ClassOffer.objects.for_orders().prefetch_related("skipped_dates").filter(condition).order_by("pk")
    return {class_offer.pk: class_offer for class_offer in classes}


def cancelable_meetings(now: datetime) -> QuerySet[Meeting]:
    meetings = Meeting.objects.filter(canceled_at=None, starts_at__gt=now).order_by("starts_at", "pk")
    return meetings.select_related(
        "class_offer__subject__level", "class_offer__session", "class_offer__location", "location"
    )


def cancelable_meetings_on(day: date, location: Location | None, now: datetime) -> QuerySet[Meeting]:
    start = dates.local_moment(day, time.min)
    meetings = cancelable_meetings(now).filter(starts_at__gte=start, starts_at__lt=start + timedelta(days=1))
    if location is not None:
        meetings = meetings.filter(Q(location=location) | Q(location=None, class_offer__location=location))
    return meetings


def cancelable_classes(now: datetime) -> QuerySet[ClassOffer]:
    ids = cancelable_meetings(now).order_by().values("class_offer")
    classes = ClassOffer.objects.filter(pk__in=ids, canceled_at=None).select_related("subject__level", "session")
    return classes.order_by("session__key_day_date", "class_day", "start_time", "pk")


def cancelable_meetings_of(class_offer: ClassOffer, now: datetime) -> list[Meeting]:
    return [meeting for meeting in class_offer.uncanceled_meetings if meeting.starts_at > now]
