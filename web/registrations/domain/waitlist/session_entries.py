"""The waitlist entries that a visitor typed in this browser session without logging in."""

from collections.abc import Iterator, MutableMapping
from dataclasses import asdict, dataclass
from typing import Any

from classwork.models import ClassOffer
from registrations.domain import spot_offers
from registrations.domain.waitlist import entries
from registrations.models import WaitlistEntry

KEY = "waitlist"
MOST = 20

Session = MutableMapping[str, Any]


@dataclass(frozen=True)
class TypedEntry:
    class_offer: int
    position: int
    people: str
    wanted: list[str]
    entry: int | None


def remember_session_entry(session: Session, joined: entries.JoinResult, people: str) -> None:
    """An entry that already existed is stored without its id: what a visitor sees or does must not depend on others."""
    stored = list(_read_session_entries(session))
    entry = joined.entry
    if any(typed.entry == entry.pk for typed in stored):
        return
    position = entry.position if joined.is_new else spot_offers.next_position(entry.class_offer_id)
    new = TypedEntry(
        entry.class_offer_id, position, people, list(entry.requested_roles), entry.pk if joined.is_new else None
    )
    _write_session_entries(session, [*stored, new])


def session_entries_of_class(session: Session, class_offer: ClassOffer) -> list[TypedEntry]:
    typed_entries = [typed for typed in _read_session_entries(session) if typed.class_offer == class_offer.pk]
    entry_ids = [typed.entry for typed in typed_entries if typed.entry]
    live = (
        set(WaitlistEntry.objects.live().filter(pk__in=entry_ids).values_list("pk", flat=True)) if entry_ids else set()
    )
    return [typed for typed in typed_entries if typed.entry is None or typed.entry in live]


def leave_session_entry(session: Session, class_offer: ClassOffer, position: int) -> bool:
    stored = list(_read_session_entries(session))
    removed = next(
        (typed for typed in stored if (typed.class_offer, typed.position) == (class_offer.pk, position)), None
    )
    if removed is None:
        return False
    _write_session_entries(session, [typed for typed in stored if typed != removed])
    entry = WaitlistEntry.objects.filter(pk=removed.entry).first() if removed.entry else None
    if entry is not None:
        entries.leave_waitlist(entry)
    return True


def _read_session_entries(session: Session) -> Iterator[TypedEntry]:
    for row in session.get(KEY, []):
        yield TypedEntry(**row)


def _write_session_entries(session: Session, typed_entries: list[TypedEntry]) -> None:
    session[KEY] = [asdict(typed) for typed in typed_entries[-MOST:]]
