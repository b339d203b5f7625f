"""The recent history of one row, with the names of the people who acted."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model

from history.domain import subject_of
from history.entry_text import entry_sentence
from history.models import Entry
from users.models import User

MAX_ENTRIES = 20


@dataclass(frozen=True)
class HistoryLine:
    at: datetime
    what: str
    why: str


def recent_history_of(row: Model) -> list[HistoryLine]:
    subject_type, subject_id = subject_of(row)
    entries = list(Entry.objects.filter(subject_type=subject_type, subject_id=subject_id)[:MAX_ENTRIES])
    actors = User.objects.in_bulk({entry.actor_id for entry in entries if entry.actor_id})
    lines = []
    for entry in entries:
        account = actors.get(entry.actor_id or 0, f"Account {entry.actor_id}")
        actor_name = "The site" if entry.actor_id is None else str(account)
        lines.append(HistoryLine(entry.at, entry_sentence(entry, actor_name), entry.reason))
    return lines
