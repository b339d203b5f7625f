"""How many places a class has left. Whoever takes one counts under the lock of the offer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

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

    def __str__(self) -> str:
        return f"{self.taken} taken, no limit" if self.capacity is None else f"{self.taken} of {self.capacity} taken"

    @property
    def words(self) -> str:
        """Nothing while there is plenty."""
        if self.left is None or self.left > FEW:
            return ""
        return {0: "Full", 1: "One place left"}.get(self.left, f"{self.left} places left")


def counted(offers: QuerySet[ClassOffer], at: datetime) -> QuerySet[ClassOffer]:
    """Each class with the number of places `taken`, for lists that the database sorts."""
    rows = Registration.objects.taking_a_place(at).filter(offer=OuterRef("pk")).order_by().values("offer")
    return offers.annotate(taken=Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0))


def of(offer: ClassOffer, at: datetime) -> Room:
    return Room(offer.capacity, Registration.objects.filter(offer=offer).taking_a_place(at).count())


def among(offers: Iterable[ClassOffer], at: datetime) -> Mapping[int, Room]:
    """One query, however many classes."""
    offers = list(offers)
    rows = Registration.objects.filter(offer__in=offers).taking_a_place(at).order_by()
    taken = dict(rows.values_list("offer").annotate(count=Count("pk")))
    return {offer.pk: Room(offer.capacity, taken.get(offer.pk, 0)) for offer in offers}
