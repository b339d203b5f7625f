"""How many places a class has left, by role where it has roles. Whoever takes one counts under the offer's lock."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import CharField, Count, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce

from billing.kinds import Unavailable
from classwork.domain.places.waiting.balance import Counts, Role, Rules, obstacle
from classwork.models import Balance, ClassOffer, OfferRole, Registration, WaitingEntry

FEW = 5
NO_LIMIT = -1


def lock(offer_id: int) -> ClassOffer:
    """Whoever counts places holds this row; SQLite has one writer at a time anyway."""
    offer = ClassOffer.objects.select_for_update().filter(pk=offer_id).first()
    if offer is None:
        raise Unavailable("This class is not offered any more.")
    return offer


@dataclass(frozen=True)
class Room:
    rules: Rules
    counts: Counts = field(default_factory=dict)
    """Places taken and places kept for those who were offered one, by role."""
    waiting: int = 0

    @property
    def capacity(self) -> int | None:
        return self.rules.capacity

    @property
    def taken(self) -> int:
        return sum(self.counts.values())

    @property
    def left(self) -> int | None:
        return None if self.capacity is None else max(self.capacity - self.taken, 0)

    @cached_property
    def closed_roles(self) -> list[str]:
        """Roles in which nobody more can come now."""
        return [name for name in self.rules.names if obstacle(self.rules, self.counts, [name])]

    @property
    def is_full(self) -> bool:
        return len(self.closed_roles) == len(self.rules.names)

    def left_for(self, role: Role) -> int | None:
        """None where only the whole class has a limit, or nothing has."""
        own = None if role.capacity is None else max(role.capacity - self.counts.get(role.name, 0), 0)
        both = [number for number in (own, self.left) if number is not None]
        return min(both) if both else None

    def __str__(self) -> str:
        return f"{self.taken} taken, no limit" if self.capacity is None else f"{self.taken} of {self.capacity} taken"

    @property
    def words(self) -> str:
        """Nothing while there is plenty."""
        if self.is_full:
            return "Full"
        if self.rules.roles:
            return self._words_by_role
        if self.left is None or self.left > FEW:
            return ""
        return "One place left" if self.left == 1 else f"{self.left} places left"

    @property
    def _words_by_role(self) -> str:
        said = {role.name: self._word_for(role) for role in self.rules.roles}
        if not any(said.values()):
            return ""
        return "Places left: " + ", ".join(f"{name} {word or 'enough'}" for name, word in said.items())

    def _word_for(self, role: Role) -> str:
        if role.name in self.closed_roles:
            return "waiting list"
        left = self.left_for(role)
        return "" if left is None or left > FEW else str(left)


def counted(offers: QuerySet[ClassOffer], at: datetime) -> QuerySet[ClassOffer]:
    """Each class with the number of places `taken`, for lists that the database sorts."""
    rows = Registration.objects.taking_a_place(at).filter(offer=OuterRef("pk")).order_by().values("offer")
    return offers.annotate(taken=Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0))


def of(offer: ClassOffer, at: datetime) -> Room:
    return among([offer], at)[offer.pk]


def among(offers: Iterable[ClassOffer], at: datetime) -> Mapping[int, Room]:
    """One query, however many classes. Their `balance` comes with them."""
    offers = list(offers)
    counts: dict[int, Counter[str]] = {offer.pk: Counter() for offer in offers}
    roles: dict[int, list[Role]] = {offer.pk: [] for offer in offers}
    waiting: Counter[int] = Counter()
    for offer_id, what, name, number in _rows(list(counts), at):
        if what == "role":
            roles[offer_id].append(Role(name, None if number == NO_LIMIT else number))
        elif what == "waiting":
            waiting[offer_id] += number
        else:
            counts[offer_id].update(json.loads(name) if what == "kept" else {name: number})
    return {offer.pk: Room(rules(offer, roles[offer.pk]), counts[offer.pk], waiting[offer.pk]) for offer in offers}


def _rows(offers: list[int], at: datetime) -> list[tuple[int, str, str, int]]:
    """What is taken, kept, waited for, and the roles in the order of their naming."""
    taken = Registration.objects.filter(offer__in=offers).taking_a_place(at).order_by()
    entries = WaitingEntry.objects.filter(offer__in=offers).order_by()
    kept = entries.filter(state=WaitingEntry.State.OFFERED, offered_until__gte=at)
    queued = entries.filter(state=WaitingEntry.State.WAITING)
    roles = OfferRole.objects.filter(offer__in=offers).order_by()
    parts = [
        _shaped(taken, "taken", F("role"), Count("pk"), Value(0)),
        _shaped(kept, "kept", Cast("roles", CharField()), F("size"), F("pk")),
        _shaped(queued, "waiting", Value(""), Count("pk"), Value(0)),
        _shaped(roles, "role", F("name"), Coalesce("capacity", NO_LIMIT), F("pk")),
    ]
    rows = parts[0].union(*parts[1:], all=True)
    return [row[:4] for row in sorted(rows, key=lambda row: row[4])]


def _shaped(rows: QuerySet[Any], what: str, said: Any, number: Any, order: Any) -> QuerySet[Any, tuple[Any, ...]]:
    found = rows.values("offer_id").annotate(what=Value(what), said=said, number=number, order_key=order)
    return found.values_list("offer_id", "what", "said", "number", "order_key")


def rules(offer: ClassOffer, roles: Iterable[Role]) -> Rules:
    try:
        balance = offer.balance
    except Balance.DoesNotExist:
        return Rules(offer.capacity, tuple(roles))
    return Rules(offer.capacity, tuple(roles), balance.most_apart, balance.ratio, balance.active_from)
