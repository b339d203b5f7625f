"""A teacher's agenda, with today's classes first and the others by their next meeting."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time

from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Q

from classwork.domain.catalog.class_summary import ClassSummary
from classwork.models import ClassOffer, Location, Meeting
from common import dates
from registrations.domain import capacity
from registrations.domain.capacity import Availability
from registrations.models import Registration
from users.models import Staff

EVENING = time(17)
PAST_PER_PAGE = 20


@dataclass(frozen=True)
class RoleCounts:
    """How many people come, in the order in which the class names its roles."""

    roles: Sequence[str]
    counts: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        total = sum(self.counts.values())
        people = "1 person" if total == 1 else f"{total} people"
        named = [name for name in (*self.roles, *sorted(set(self.counts) - set(self.roles))) if name]
        by_role = ", ".join(f"{self.counts.get(name, 0)} {name}" for name in named)
        return f"{people}: {by_role}" if by_role and total else people


@dataclass(frozen=True)
class TaughtClass:
    listed: ClassSummary
    next_meeting: Meeting | None
    """The next meeting that this person teaches and that has not ended."""
    is_substitute: bool
    availability: Availability
    people: str

    @property
    def class_offer(self) -> ClassOffer:
        return self.listed.class_offer

    @property
    def location(self) -> Location | None:
        return (self.next_meeting.location if self.next_meeting else None) or self.class_offer.location


@dataclass(frozen=True)
class Agenda:
    today: list[TaughtClass]
    upcoming: list[TaughtClass]

    @property
    def heading(self) -> str:
        meetings = [taught.next_meeting for taught in self.today if taught.next_meeting]
        starts = [dates.to_local_time(meeting.starts_at).time() for meeting in meetings]
        return "Tonight" if starts and min(starts) >= EVENING else "Today"


def agenda_of(staff: Staff, now: datetime) -> Agenda:
    taught = ClassOffer.objects.taught_by(staff).filter(_is_ahead(now)).distinct()
    related = taught.select_related("subject__level", "session", "location", "balance")
    meetings = Meeting.objects.select_related("location").prefetch_related("substitutes")
    class_offers = list(related.prefetch_related(Prefetch("meetings", meetings), "assignments"))
    ahead = {class_offer.pk: _next_meeting(class_offer, staff, now) for class_offer in class_offers}
    class_offers.sort(
        key=lambda class_offer: (
            ahead[class_offer.pk] is None,
            getattr(ahead[class_offer.pk], "starts_at", now),
            class_offer.pk,
        )
    )
    availability, people = (
        capacity.availability_by_class(class_offers, now),
        _count_people(class_offers, ahead.values(), now),
    )
    classes = [
        TaughtClass(
            ClassSummary(class_offer, dates.to_local_time(now).date()),
            ahead[class_offer.pk],
            not _is_assigned(class_offer, staff),
            availability[class_offer.pk],
            str(RoleCounts(availability[class_offer.pk].rules.names, people[class_offer.pk])),
        )
        for class_offer in class_offers
    ]
    today = [taught for taught in classes if taught.next_meeting and _is_today(taught.next_meeting, now)]
    return Agenda(today, [taught for taught in classes if taught not in today])


def past_classes(staff: Staff, now: datetime) -> "Paginator[ClassOffer]":
    classes = ClassOffer.objects.taught_by(staff).exclude(pk__in=ClassOffer.objects.filter(_is_ahead(now)).values("pk"))
    return Paginator(classes.for_lists().order_by("-session__key_day_date", "pk"), PAST_PER_PAGE)


def _is_ahead(now: datetime) -> Q:
    return Q(meetings__ends_at__gt=now, meetings__canceled_at=None) | Q(meetings=None)


def _next_meeting(class_offer: ClassOffer, staff: Staff, now: datetime) -> Meeting | None:
    is_assigned = _is_assigned(class_offer, staff)
    taught: list[Meeting] = []
    for meeting in class_offer.uncanceled_meetings:
        if meeting.ends_at <= now:
            continue
        substitutes = meeting.substitutes.all()
        teaches = staff in substitutes if substitutes else is_assigned
        if teaches:
            taught.append(meeting)
    return min(taught, key=lambda meeting: meeting.starts_at, default=None)


def _is_assigned(class_offer: ClassOffer, staff: Staff) -> bool:
    return any(assignment.staff_id == staff.pk for assignment in class_offer.assignments.all())


def _is_today(meeting: Meeting, now: datetime) -> bool:
    return meeting.starts_at <= now or dates.to_local_time(meeting.starts_at).date() == dates.to_local_time(now).date()


def _count_people(
    class_offers: Iterable[ClassOffer], days: Iterable[Meeting | None], now: datetime
) -> Mapping[int, Counter[str]]:
    counts: dict[int, Counter[str]] = {class_offer.pk: Counter() for class_offer in class_offers}
    attending = Registration.objects.filter(class_offer__in=counts).taking_a_spot(now)
    attending = attending.filter(Q(meeting=None) | Q(meeting__in=[day.pk for day in days if day]))
    by_role = attending.order_by().values_list("class_offer_id", "role").annotate(number=Count("pk"))
    for class_offer_id, role, number in by_role:
        counts[class_offer_id][role] += number
    return counts
