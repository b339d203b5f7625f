"""The waitlist entries that a visitor who is not logged in typed in this browser session, with their position.

What is shown must not depend on whether somebody else typed the same people before. So an entry that existed already is
remembered without its number, with the position that a new one would have: it is shown like any other, but nothing that
is done here reaches it.
"""

from collections.abc import Iterator, MutableMapping
from dataclasses import asdict, dataclass
from typing import Any

from classwork.domain.places.waiting import entries, queue
from classwork.models import ClassOffer, WaitingEntry

KEY = "waitlist"
MOST = 20

Session = MutableMapping[str, Any]


@dataclass(frozen=True)
class TypedEntry:
    offer: int
    position: int
    people: str
    wanted: list[str]
    entry: int | None


def remember(session: Session, joined: entries.Joined, people: str) -> None:
    known = list(_read(session))
    entry = joined.entry
    if any(one.entry == entry.pk for one in known):
        return
    position = entry.position if joined.is_new else queue.next_position(entry.offer_id)
    new = TypedEntry(entry.offer_id, position, people, list(entry.wanted), entry.pk if joined.is_new else None)
    _write(session, [*known, new])


def of_class(session: Session, offer: ClassOffer) -> list[TypedEntry]:
    """Those that have not ended; without a query where nothing was typed."""
    mine = [one for one in _read(session) if one.offer == offer.pk]
    numbers = [one.entry for one in mine if one.entry]
    live = set(WaitingEntry.objects.live().filter(pk__in=numbers).values_list("pk", flat=True)) if numbers else set()
    return [one for one in mine if one.entry is None or one.entry in live]


def leave(session: Session, offer: ClassOffer, position: int) -> bool:
    """False where this browser session typed no such entry."""
    known = list(_read(session))
    found = next((one for one in known if (one.offer, one.position) == (offer.pk, position)), None)
    if found is None:
        return False
    _write(session, [one for one in known if one != found])
    entry = WaitingEntry.objects.filter(pk=found.entry).first() if found.entry else None
    if entry is not None:
        entries.leave(entry)
    return True


def _read(session: Session) -> Iterator[TypedEntry]:
    for row in session.get(KEY, []):
        yield TypedEntry(**row)


def _write(session: Session, typed: list[TypedEntry]) -> None:
    session[KEY] = [asdict(one) for one in typed[-MOST:]]
