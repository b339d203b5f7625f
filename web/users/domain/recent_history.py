"""The history of one row, with the names of those who acted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model

from history.domain import subject_of
from history.entry_text import sentence
from history.models import Entry
from users.models import User

SHOWN = 20


@dataclass(frozen=True)
class Happening:
    at: datetime
    what: str
    why: str


def to(thing: Model) -> list[Happening]:
    """The latest first."""
    subject_type, subject_id = subject_of(thing)
    entries = list(Entry.objects.filter(subject_type=subject_type, subject_id=subject_id)[:SHOWN])
    return list(_told(entries)) if entries else []


def _told(entries: list[Entry]) -> Iterator[Happening]:
    actors = User.objects.in_bulk({entry.actor_id for entry in entries if entry.actor_id})
    for entry in entries:
        known = actors.get(entry.actor_id or 0, f"Account {entry.actor_id}")
        who = "The site" if entry.actor_id is None else str(known)
        yield Happening(entry.at, sentence(entry, who), entry.why)
