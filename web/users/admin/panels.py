"""What stands beside a person in the admin: what happened, which roles, how they log in."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime

from common import dates
from history.models import Entry

SHOWN = 20


def happened(subject_type: str, pk: Any) -> str:
    """The latest entries about one row, with the names of those who acted."""
    entries = list(Entry.objects.filter(subject_type=subject_type, subject_id=str(pk))[:SHOWN])
    if not entries:
        return "Nothing is on record yet."
    actors = get_user_model().objects.in_bulk({entry.actor_id for entry in entries if entry.actor_id})
    url = f"{reverse('admin:history_entry_changelist')}?subject_type={subject_type}&subject_id={pk}"
    return format_html(
        '<table><thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">Did what</th>'
        '<th scope="col">Why</th></tr></thead><tbody>{}</tbody></table><p><a href="{}">All entries</a></p>',
        format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", _rows(entries, actors)),
        url,
    )


def _rows(entries: Iterable[Entry], actors: dict[Any, Any]) -> Iterable[tuple[str, str, str, str]]:
    for entry in entries:
        at = localtime(entry.at)
        who = "the site" if entry.actor_id is None else str(actors.get(entry.actor_id, f"account {entry.actor_id}"))
        told = ", ".join(str(value) for value in entry.details.values())
        yield f"{dates.day(at)}, {dates.clock(at)}", who, f"{entry.deed} ({told})" if told else entry.deed, entry.why
