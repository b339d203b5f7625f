"""What stands beside a person in the admin: what happened, which roles, how they log in."""

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from common.formats import format_moment
from history.domain import subject_of
from users.domain import recent_history as history


def happened(thing: Model) -> str:
    """The latest entries about one row, and the way to all of them."""
    entries = history.to(thing)
    if not entries:
        return "Nothing is on record yet."
    subject_type, subject_id = subject_of(thing)
    url = f"{reverse('admin:history_entry_changelist')}?subject_type={subject_type}&subject_id={subject_id}"
    rows = ((_when(each), each.what, each.why) for each in entries)
    return format_html(
        '<table><thead><tr><th scope="col">Date</th><th scope="col">What happened</th>'
        '<th scope="col">Reason</th></tr></thead><tbody>{}</tbody></table><p><a href="{}">All entries</a></p>',
        format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", rows),
        url,
    )


def _when(happening: history.Happening) -> str:
    return format_moment(happening.at)
