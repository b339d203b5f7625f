"""How many spots a class has left, in total and by role."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from billing.errors import ProductUnavailable
from billing.models import OrderLine
from classwork.models import ClassOffer, Meeting
from registrations.domain.attendees import CLASS_KIND
from registrations.domain.spot_counts import SpotCounts, count_spots
from registrations.models import Registration, WaitlistEntry
from registrations.rules.role_balance import CapacityRules, Counts, RoleCapacity, find_obstacle

FEW = 5


def lock_classes_of_order(lines: Sequence[OrderLine]) -> dict[int, ClassOffer]:
    """Locks all classes of the order by their ids, so that two orders never deadlock. Returns them by id."""
    live = OrderLine.objects.filter(order=lines[0].order_id, canceled_at=None)
    classes = Q(pk__in=live.filter(kind=CLASS_KIND).values("product_id"))
    classes |= Q(pk__in=live.filter(exchanged_from__kind=CLASS_KIND).values("exchanged_from__product_id"))
    classes |= Q(pk__in={line.product_id for line in lines})
    return {class_offer.pk: class_offer for class_offer in _classes_to_lock().filter(classes).order_by("pk")}


def lock_class(class_offer_id: int) -> ClassOffer:
    """Everything that counts spots before taking one holds this lock. SQLite allows only one writer anyway."""
    class_offer = _classes_to_lock().filter(pk=class_offer_id).first()
    if class_offer is None:
        raise ProductUnavailable("This class is no longer offered.")
    return class_offer


def _classes_to_lock() -> QuerySet[ClassOffer]:
    return ClassOffer.objects.select_for_update(of=("self",)).select_related("subject__level", "session")


@dataclass(frozen=True)
class Availability:
    rules: CapacityRules
    """The capacity without the spots that guests take."""
    counts: Counts = field(default_factory=dict)
    """Spots that are taken or reserved by a waitlist offer, by role."""
    waiting: int = 0
    guests: int = 0
    """Tickets for the given meeting, or for the fullest of the meetings to come."""

    @property
    def capacity(self) -> int | None:
        return None if self.rules.capacity is None else self.rules.capacity + self.guests

    @property
    def spots_taken(self) -> int:
        return sum(self.counts.values())

    @property
    def available_spots(self) -> int | None:
        return None if self.rules.capacity is None else max(self.rules.capacity - self.spots_taken, 0)

    @cached_property
    def closed_roles(self) -> list[str]:
        return [name for name in self.rules.names if find_obstacle(self.rules, self.counts, [name])]

    @property
    def is_full(self) -> bool:
        return len(self.closed_roles) == len(self.rules.names)

    @property
    def has_waitlist(self) -> bool:
        return bool(self.closed_roles or self.waiting or self.has_one_spot)

    @property
    def has_one_spot(self) -> bool:
        return self.available_spots == 1

    def left_for(self, role: RoleCapacity) -> int | None:
        own = None if role.capacity is None else max(role.capacity - self.counts.get(role.name, 0), 0)
        both = [number for number in (own, self.available_spots) if number is not None]
        return min(both) if both else None

    def __str__(self) -> str:
        text = (
            f"{self.spots_taken} taken, no limit"
            if self.capacity is None
            else f"{self.spots_taken} of {self.capacity} taken"
        )
        return f"{text}, plus up to {self.guests} for a drop-in or trial" if self.guests else text

    @property
    def status_text(self) -> str:
        if self.is_full:
            return "Full"
        if self.rules.roles:
            return self._role_status_text
        if self.available_spots is None or self.available_spots > FEW:
            return ""
        return "1 spot left" if self.available_spots == 1 else f"{self.available_spots} spots left"

    @property
    def _role_status_text(self) -> str:
        texts = {role.name: self._spots_left_text(role) for role in self.rules.roles}
        if not any(texts.values()):
            return ""
        return "Spots left: " + ", ".join(f"{name} {text or 'enough'}" for name, text in texts.items())

    def _spots_left_text(self, role: RoleCapacity) -> str:
        if role.name in self.closed_roles:
            return "waitlist"
        left = self.left_for(role)
        return "" if left is None or left > FEW else str(left)


@dataclass
class ClassSnapshot:
    """A class under its lock, loaded once. Whatever takes or offers a spot records it here, too."""

    class_offer: ClassOffer
    counts: SpotCounts
    entries: list[WaitlistEntry]
    """The live entries of the waitlist in order."""

    @property
    def waiting(self) -> list[WaitlistEntry]:
        return [entry for entry in self.entries if entry.state == WaitlistEntry.State.WAITING]

    def availability(self, meeting: Meeting | None = None) -> Availability:
        """Of the whole class, or of one meeting."""
        guests = self.counts.guests.values() if meeting is None else [self.counts.guests_of(meeting.pk)]
        return _availability(self.class_offer, self.counts, guests)

    def take_spot(self, role: str, meeting_id: int | None = None) -> None:
        taken = self.counts.taken if meeting_id is None else self.counts.guests.setdefault(meeting_id, Counter())
        taken[role] += 1


def load_class_snapshots(
    class_offers: Iterable[ClassOffer], at: datetime, *, but_tickets: Collection[int] = ()
) -> dict[int, ClassSnapshot]:
    """Leaves out the tickets in `but_tickets`, because they are being turned into registrations. Runs one query for any
    number of classes, and another one if any has a waitlist."""
    class_offers = list(class_offers)
    counts = count_spots([class_offer.pk for class_offer in class_offers], at, without=but_tickets)
    snapshots = {each.pk: ClassSnapshot(each, counts[each.pk], []) for each in class_offers}
    if listed := [pk for pk, spots in counts.items() if spots.on_waitlist]:
        for entry in WaitlistEntry.objects.filter(class_offer__in=listed).live():
            snapshots[entry.class_offer_id].entries.append(entry)
    return snapshots


def annotate_taken(class_offers: QuerySet[ClassOffer], at: datetime) -> QuerySet[ClassOffer]:
    registrations = Registration.objects.whole_class().taking_a_spot(at).filter(class_offer=OuterRef("pk"))
    rows = registrations.order_by().values("class_offer")
    return class_offers.annotate(taken=Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0))


def availability_of(class_offer: ClassOffer, at: datetime) -> Availability:
    return availability_by_class([class_offer], at)[class_offer.pk]


def availability_by_class(class_offers: Iterable[ClassOffer], at: datetime) -> Mapping[int, Availability]:
    """Counts the fullest of the meetings to come, because a new student attends all of them. Runs one query for any
    number of classes."""
    class_offers = list(class_offers)
    counts = count_spots([class_offer.pk for class_offer in class_offers], at)
    return {each.pk: ClassSnapshot(each, counts[each.pk], []).availability() for each in class_offers}


def availability_by_meeting(class_offer: ClassOffer, days: Iterable[Meeting], at: datetime) -> dict[int, Availability]:
    counts = count_spots([class_offer.pk], at)[class_offer.pk]
    return {day.pk: _availability(class_offer, counts, [counts.guests_of(day.pk)]) for day in days}


def _availability(class_offer: ClassOffer, counts: SpotCounts, guests: Collection[Counts]) -> Availability:
    """`guests` are those of each meeting that the new student would attend."""
    most = max((sum(by_role.values()) for by_role in guests), default=0)
    rules = CapacityRules(
        None if class_offer.capacity is None else class_offer.capacity - most,
        tuple(_without_guests(role, guests) for role in counts.roles),
        counts.balance.most_apart,
        counts.balance.ratio,
        counts.balance.active_from,
    )
    return Availability(rules, counts.taken, counts.waiting, most)


def _without_guests(role: RoleCapacity, guests: Collection[Counts]) -> RoleCapacity:
    taken = max((by_role.get(role.name, 0) for by_role in guests), default=0)
    return role if role.capacity is None else RoleCapacity(role.name, role.capacity - taken)
