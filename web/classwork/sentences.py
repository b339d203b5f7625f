"""History sentences about classes; history.entry_text explains how they work."""

from django.utils.translation import gettext_noop as _

from history.entry_text import Details, Sentence, fill_sentence

MOVES_SHOWN = 3


def schedule_changed(details: Details) -> str:
    moves = details["moves"]
    sentences = []
    for move in moves[:MOVES_SHOWN]:
        if not move["before"]:
            template = "{after:moment} added"
        elif not move["after"]:
            template = "{before:moment} removed"
        else:
            template = "{before:moment} moved to {after:moment}"
        sentences.append(fill_sentence(template, move))
    more = f"; and {len(moves) - MOVES_SHOWN} more" if len(moves) > MOVES_SHOWN else ""
    return f"changed the schedule: {'; '.join(sentences)}{more}" if sentences else "changed the schedule"


SENTENCES: dict[str, Sentence] = {
    "classwork.meeting_added": (_("added the class day {at:moment}"), _("added the class day")),
    "classwork.meeting_canceled": _("canceled the class day"),
    "classwork.meeting_moved": (
        _("moved the class day from {before:moment} to {after:moment}"),
        _("moved the class day"),
    ),
    "classwork.meeting_restored": _("restored the class day"),
    "classwork.class_approved": _("approved the class"),
    "classwork.class_changed": (_("changed the class: {changes:changes}"), _("changed the class")),
    "classwork.class_created": (_("created the class {heading} in {session}"), _("created the class")),
    "classwork.class_deleted": (_("deleted the class {heading} in {session}"), _("deleted the class")),
    "classwork.class_hidden": _("hid the class"),
    "classwork.schedule_changed": (schedule_changed, _("changed the schedule")),
    "classwork.session_changed": (_("changed the session: {changes:changes}"), _("changed the session")),
    "classwork.session_created": (_("created the session {name}"), _("created the session")),
    "classwork.session_planned": (_("planned the session; classes: {classes}"), _("planned the session")),
    "classwork.subject_approved": _("approved the subject"),
    "classwork.subject_changed": (_("changed the subject: {changes:changes}"), _("changed the subject")),
    "classwork.subject_created": (_("created the subject {title}"), _("created the subject")),
    "classwork.subject_hidden": _("hid the subject"),
    "classwork.substitutes_changed": _("changed the substitute teachers"),
    "classwork.proposal_answered": _("answered the proposal"),
    "classwork.proposal_approved": _("approved the proposal"),
    "classwork.proposal_submitted": _("submitted the proposal"),
    "classwork.proposal_withdrawn": _("withdrew the proposal"),
    "classwork.file_missing": (_("found that the file of “{title}” is missing"), _("found that the file is missing")),
    "classwork.resource_added": (_("added “{title}” to {to}"), _("added “{title}”"), _("added the resource")),
    "classwork.resource_approved": (_("approved “{title}”"), _("approved the resource")),
    "classwork.resource_as_planned": (
        _("returned “{title}” to its planned release"),
        _("returned to the planned release"),
    ),
    "classwork.resource_changed": (_("changed “{title}”"), _("changed the resource")),
    "classwork.resource_held_back": (_("held back “{title}”"), _("held back the resource")),
    "classwork.resource_hidden": (_("hid “{title}” in {to}"), _("hid the resource")),
    "classwork.resource_released": (_("released “{title}”"), _("released the resource")),
    "classwork.resource_removed": (_("removed “{title}” from {to}"), _("removed the resource")),
    "classwork.resource_shown": (_("showed “{title}” in {to}"), _("showed the resource")),
    "classwork.resources_arranged": _("changed the order of the resources"),
}
