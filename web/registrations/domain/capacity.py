"""How many spots a class has left, in total and by role."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce

from billing.errors import ProductUnavailable
from billing.models import OrderLine
from classwork.models import ClassOffer, ClassRole, Meeting, RoleBalance
from registrations.domain.attendees import CLASS_KIND, TICKET_KIND
from registrations.models import Registration, Ticket, WaitlistEntry
from registrations.rules.role_balance import CapacityRules, Counts, RoleCapacity, find_obstacle

FEW = 5
NO_LIMIT = -1


def lock_classes_of_order(line: OrderLine) -> ClassOffer:
    """Locks all classes of the order by their ids, so that two orders never deadlock. Returns the line's class."""
    lines = line.order.lines.filter(canceled_at=None)
    days = Meeting.objects.filter(pk__in=lines.filter(kind=TICKET_KIND).values("product_id"))
    classes = Q(pk__in=lines.filter(kind=CLASS_KIND).values("product_id")) | Q(pk__in=days.values("class_offer"))
    classes |= Q(pk__in=lines.filter(exchanged_from__kind=CLASS_KIND).values("exchanged_from__product_id"))
    class_offer_id = line.product_id
    if line.kind == TICKET_KIND:
        class_offer_id = Meeting.objects.filter(pk=line.product_id).values_list("class_offer", flat=True).first() or 0
    locked = ClassOffer.objects.select_for_update().filter(classes | Q(pk=class_offer_id)).order_by("pk")
    class_offer = next((class_offer for class_offer in locked if class_offer.pk == class_offer_id), None)
    if class_offer is None:
        raise ProductUnavailable("This class is no longer offered.")
    return class_offer


def lock_class(class_offer_id: int) -> ClassOffer:
    """Everything that counts spots before taking one holds this lock. SQLite allows only one writer anyway."""
    class_offer = ClassOffer.objects.select_for_update().filter(pk=class_offer_id).first()
    if class_offer is None:
        raise ProductUnavailable("This class is no longer offered.")
    return class_offer


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


def annotate_taken(class_offers: QuerySet[ClassOffer], at: datetime) -> QuerySet[ClassOffer]:
    rows = Registration.objects.taking_a_spot(at).filter(class_offer=OuterRef("pk")).order_by().values("class_offer")
    return class_offers.annotate(taken=Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0))


TicketCounts = Mapping[int, Counts]
"""The tickets for each meeting, by role."""


@dataclass
class SpotCounts:
    counts: Counter[str] = field(default_factory=Counter)
    roles: list[RoleCapacity] = field(default_factory=list)
    guests: dict[int, Counter[str]] = field(default_factory=dict)
    waiting: int = 0

    def add(self, what: str, name: str, number: int, key: int) -> None:
        if what == "role":
            self.roles.append(RoleCapacity(name, None if number == NO_LIMIT else number))
        elif what == "waiting":
            self.waiting += number
        elif what == "ticket":
            self.guests.setdefault(key, Counter())[name] += number
        else:
            self.counts.update(json.loads(name) if what == "kept" else {name: number})

    def availability(self, class_offer: ClassOffer, guests: TicketCounts) -> Availability:
        most = max((sum(counts.values()) for counts in guests.values()), default=0)
        return Availability(
            rules_without_guests(capacity_rules(class_offer, self.roles), guests, most), self.counts, self.waiting, most
        )


def availability_of(class_offer: ClassOffer, at: datetime, *, but_tickets: Collection[int] = ()) -> Availability:
    """Leaves out the tickets in `but_tickets`, because they are being turned into registrations."""
    return availability_by_class([class_offer], at, but_tickets=but_tickets)[class_offer.pk]


def availability_by_class(
    class_offers: Iterable[ClassOffer], at: datetime, *, but_tickets: Collection[int] = ()
) -> Mapping[int, Availability]:
    """Counts the fullest of the meetings to come, because a new student attends all of them. Runs one query for any
    number of classes."""
    counts_by_class = _count_spots_by_class(class_offers := list(class_offers), at, but_tickets)
    return {
        class_offer.pk: counts_by_class[class_offer.pk].availability(
            class_offer, counts_by_class[class_offer.pk].guests
        )
        for class_offer in class_offers
    }


def availability_by_meeting(class_offer: ClassOffer, days: Iterable[Meeting], at: datetime) -> dict[int, Availability]:
    counts = _count_spots_by_class([class_offer], at)[class_offer.pk]
    return {day.pk: counts.availability(class_offer, {day.pk: counts.guests.get(day.pk, {})}) for day in days}


def rules_without_guests(rules: CapacityRules, guests: TicketCounts, most: int) -> CapacityRules:
    def without(role: RoleCapacity) -> RoleCapacity:
        taken = max((counts.get(role.name, 0) for counts in guests.values()), default=0)
        return role if role.capacity is None else RoleCapacity(role.name, role.capacity - taken)

    capacity = None if rules.capacity is None else rules.capacity - most
    return replace(rules, capacity=capacity, roles=tuple(map(without, rules.roles)))


def _count_spots_by_class(
    class_offers: Iterable[ClassOffer], at: datetime, but_tickets: Collection[int] = ()
) -> dict[int, SpotCounts]:
    counts_by_class = {class_offer.pk: SpotCounts() for class_offer in class_offers}
    offer_ids = list(counts_by_class)
    taken = Registration.objects.filter(class_offer__in=offer_ids).taking_a_spot(at).order_by()
    entries = WaitlistEntry.objects.filter(class_offer__in=offer_ids).order_by()
    offered = entries.with_open_offer(at)
    waiting = entries.filter(state=WaitlistEntry.State.WAITING)
    roles = ClassRole.objects.filter(class_offer__in=offer_ids).order_by()
    tickets = Ticket.objects.filter(
        meeting__class_offer__in=offer_ids, meeting__starts_at__gt=at, meeting__canceled_at=None
    ).taking_a_spot(at)
    parts = [
        _spot_count_query(taken, "taken", F("role"), Count("pk"), Value(0)),
        _spot_count_query(offered, "kept", Cast("offered_roles", CharField()), F("size"), F("pk")),
        _spot_count_query(waiting, "waiting", Value(""), Count("pk"), Value(0)),
        _spot_count_query(roles, "role", F("name"), Coalesce("capacity", NO_LIMIT), F("pk")),
        _spot_count_query(
            tickets.exclude(pk__in=but_tickets).order_by(),
            "ticket",
            F("role"),
            Count("pk"),
            F("meeting_id"),
            of="meeting__class_offer_id",
        ),
    ]
    # The rows are sorted by their key, so that the roles keep the order in which they were named.
    for class_offer_id, *row in sorted(parts[0].union(*parts[1:], all=True), key=lambda row: row[4]):
        counts_by_class[class_offer_id].add(*row)
    return counts_by_class


def _spot_count_query(
    rows: QuerySet[Any], what: str, row_name: Any, number: Any, key: Any, *, of: str = "class_offer_id"
) -> QuerySet[Any, tuple[Any, ...]]:
    values = rows.values(of).annotate(what=Value(what), row_name=row_name, number=number, row_key=key)
    return values.values_list(of, "what", "row_name", "number", "row_key")


def capacity_rules(class_offer: ClassOffer, roles: Iterable[RoleCapacity]) -> CapacityRules:
    try:
        balance = class_offer.balance
    except RoleBalance.DoesNotExist:
        return CapacityRules(class_offer.capacity, tuple(roles))
    return CapacityRules(class_offer.capacity, tuple(roles), balance.most_apart, balance.ratio, balance.active_from)
