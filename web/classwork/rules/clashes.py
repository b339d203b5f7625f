"""Finds people and locations that are booked twice at the same time. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from classwork.rules.timetable import Slot


@dataclass(frozen=True)
class Booking:
    """A class uses a person or a location for the time of one meeting. Two of them may have the same name."""

    kind: str
    pk: int
    what: str
    class_offer_id: int | None
    class_offer: str
    slot: Slot

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.pk


@dataclass(frozen=True)
class Clash:
    first: Booking
    second: Booking

    def __str__(self) -> str:
        both = f"{self.first.class_offer}, and {self.second.class_offer}"
        return f"{self.first.what} is double-booked on {self.second.slot}: {both}."


def find_clashes(bookings: Iterable[Booking]) -> list[Clash]:
    """Each pair of classes is listed once for each person or location that they share, with the first time at which
    they clash."""
    by_pair: dict[tuple[object, ...], Clash] = {}
    running: dict[tuple[str, int], list[Booking]] = {}
    for booking in sorted(bookings, key=lambda each: (each.slot.starts_at, each.slot.ends_at)):
        others = [other for other in running.get(booking.key, []) if other.slot.overlaps(booking.slot)]
        for other in others:
            pair = frozenset([(other.class_offer_id, other.class_offer), (booking.class_offer_id, booking.class_offer)])
            if len(pair) > 1:
                by_pair.setdefault((booking.key, pair), Clash(other, booking))
        running[booking.key] = [*others, booking]
    return list(by_pair.values())
