"""History sentences about classes; history.entry_text explains how they work."""

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
    "classwork.meeting_added": ("added the class day {at:moment}", "added the class day"),
    "classwork.meeting_canceled": "canceled the class day",
    "classwork.meeting_moved": (
        "moved the class day from {before:moment} to {after:moment}",
        "moved the class day",
    ),
    "classwork.meeting_restored": "restored the class day",
    "classwork.class_approved": "approved the class",
    "classwork.class_changed": ("changed the class: {changes:changes}", "changed the class"),
    "classwork.class_created": ("created the class {heading} in {session}", "created the class"),
    "classwork.class_deleted": ("deleted the class {heading} in {session}", "deleted the class"),
    "classwork.class_hidden": "hid the class",
    "classwork.schedule_changed": (schedule_changed, "changed the schedule"),
    "classwork.session_changed": ("changed the session: {changes:changes}", "changed the session"),
    "classwork.session_created": ("created the session {name}", "created the session"),
    "classwork.session_planned": ("planned the session; classes: {classes}", "planned the session"),
    "classwork.subject_approved": "approved the subject",
    "classwork.subject_changed": ("changed the subject: {changes:changes}", "changed the subject"),
    "classwork.subject_created": ("created the subject {title}", "created the subject"),
    "classwork.subject_hidden": "hid the subject",
    "classwork.substitutes_changed": "changed the substitute teachers",
    "classwork.proposal_answered": "answered the proposal",
    "classwork.proposal_approved": "approved the proposal",
    "classwork.proposal_submitted": "submitted the proposal",
    "classwork.proposal_withdrawn": "withdrew the proposal",
    "classwork.file_missing": ("found that the file of “{title}” is missing", "found that the file is missing"),
    "classwork.resource_added": ("added “{title}” to {to}", "added “{title}”", "added the resource"),
    "classwork.resource_approved": ("approved “{title}”", "approved the resource"),
    "classwork.resource_as_planned": ("returned “{title}” to its planned release", "returned to the planned release"),
    "classwork.resource_changed": ("changed “{title}”", "changed the resource"),
    "classwork.resource_held_back": ("held back “{title}”", "held back the resource"),
    "classwork.resource_hidden": ("hid “{title}” in {to}", "hid the resource"),
    "classwork.resource_released": ("released “{title}”", "released the resource"),
    "classwork.resource_removed": ("removed “{title}” from {to}", "removed the resource"),
    "classwork.resource_shown": ("showed “{title}” in {to}", "showed the resource"),
    "classwork.resources_arranged": "changed the order of the resources",
}
