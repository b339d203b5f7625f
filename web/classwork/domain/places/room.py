"""How many places a class has left. Whoever takes one counts under the lock of the offer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from classwork.models import ClassOffer, Registration

FEW = 5


@dataclass(frozen=True)
class Room:
    capacity: int | None
    taken: int

    @property
    def left(self) -> int | None:
        return None if self.capacity is None else max(self.capacity - self.taken, 0)

    @property
    def is_full(self) -> bool:
        return self.left == 0

    @property
    def words(self) -> str:
        """Nothing while there is plenty."""
        if self.left is None or self.left > FEW:
            return ""
        return {0: "Full", 1: "One place left"}.get(self.left, f"{self.left} places left")


def of(offer: ClassOffer, at: datetime) -> Room:
    return Room(offer.capacity, Registration.objects.filter(offer=offer).taking_a_place(at).count())


def among(offers: Iterable[ClassOffer], at: datetime) -> Mapping[int, Room]:
    """One query, however many classes."""
    offers = list(offers)
    rows = Registration.objects.filter(offer__in=offers).taking_a_place(at).order_by()
    taken = dict(rows.values_list("offer").annotate(count=Count("pk")))
    return {offer.pk: Room(offer.capacity, taken.get(offer.pk, 0)) for offer in offers}
