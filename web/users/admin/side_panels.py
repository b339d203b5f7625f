"""The panel of the admin with the recent history of one row."""

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from common.formats import format_moment
from history.domain import subject_of
from users.domain import recent_history as history


def recent_history_panel(row: Model) -> str:
    entries = history.recent_history_of(row)
    if not entries:
        return _("Nothing is on record yet.")
    subject_type, subject_id = subject_of(row)
    url = f"{reverse('admin:history_entry_changelist')}?subject_type={subject_type}&subject_id={subject_id}"
    cells = ((format_moment(entry.at), entry.what, entry.why) for entry in entries)
    return format_html(
        '<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table><p><a href="{}">{}</a></p>',
        format_html_join("", '<th scope="col">{}</th>', ([_("Date")], [_("What happened")], [_("Reason")])),
        format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", cells),
        url,
        _("All entries"),
    )
