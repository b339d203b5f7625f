"""Who and what is wanted twice at once. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from classwork.domain.timetable import Slot


@dataclass(frozen=True)
class Booking:
    """A class takes a person or a place for the time of one meeting; two may have the same name."""

    kind: str
    pk: int
    what: str
    offer_id: int | None
    offer: str
    slot: Slot

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.pk


@dataclass(frozen=True)
class Clash:
    first: Booking
    second: Booking

    def __str__(self) -> str:
        return f"{self.first.what} is double-booked on {self.second.slot}: {self.first.offer}, and {self.second.offer}."


def clashes(bookings: Iterable[Booking]) -> list[Clash]:
    """Every pair of classes once for each thing they share, at the first time at which they do."""
    found: dict[tuple[object, ...], Clash] = {}
    running: dict[tuple[str, int], list[Booking]] = {}
    for booking in sorted(bookings, key=lambda one: (one.slot.starts_at, one.slot.ends_at)):
        others = [other for other in running.get(booking.key, []) if other.slot.overlaps(booking.slot)]
        for other in others:
            pair = frozenset([(other.offer_id, other.offer), (booking.offer_id, booking.offer)])
            if len(pair) > 1:
                found.setdefault((booking.key, pair), Clash(other, booking))
        running[booking.key] = [*others, booking]
    return list(found.values())
