"""History sentences about classes and spots; history.entry_text explains how they work."""

from registrations.models.class_cancellations import CompensationPolicy
from history.entry_text import Details, Sentence, fill_sentence

MOVES_SHOWN = 3


def classes_canceled(details: Details) -> str:
    days, students = len(details["days"]), details["students"]
    text = f"canceled {days} class day{'' if days == 1 else 's'} for {students} student{'' if students == 1 else 's'}"
    return f"{text}; compensation: {CompensationPolicy(details['policy']).label.lower()}"


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


def spot_moved(details: Details) -> str:
    text = fill_sentence("moved the spot to {title}", details)
    text += " over capacity" if details.get("over_capacity") else ""
    return f"{text} and waived the difference" if details.get("waived") else text


def student_registered(details: Details) -> str:
    over = " over capacity" if details.get("over_capacity") else ""
    return fill_sentence("registered the student for {title}", details) + f"{over} at the desk"


def ticket_sold(details: Details) -> str:
    return f"sold a {'trial class' if details['trial'] else 'drop-in'} at the desk"


SENTENCES: dict[str, Sentence] = {
    # classes
    "registrations.called_off": (classes_canceled, "canceled the class"),
    "registrations.class_confirmed": (
        "confirmed the class; {registered} registered, minimum {minimum}",
        "confirmed the class",
    ),
    "registrations.decision_asked_for": (
        "asked to confirm or cancel the class; {registered} registered, minimum {minimum}",
        "asked to confirm or cancel the class",
    ),
    "registrations.decision_put_off": (
        "moved the decision from {before:date} to {after:date}",
        "moved the decision about the class",
    ),
    "classwork.meeting_added": ("added the class day {at:moment}", "added the class day"),
    "classwork.meeting_cancelled": "canceled the class day",
    "classwork.meeting_moved": (
        "moved the class day from {before:moment} to {after:moment}",
        "moved the class day",
    ),
    "classwork.meeting_restored": "restored the class day",
    "classwork.offer_approved": "approved the class",
    "classwork.offer_changed": ("changed the class: {changes:changes}", "changed the class"),
    "classwork.offer_created": ("created the class {heading} in {session}", "created the class"),
    "classwork.offer_deleted": ("deleted the class {heading} in {session}", "deleted the class"),
    "classwork.offer_hidden": "hid the class",
    "registrations.roles_arranged": ("changed the roles to {roles:names}", "changed the roles"),
    "classwork.schedule_changed": (schedule_changed, "changed the schedule"),
    "classwork.session_changed": ("changed the session: {changes:changes}", "changed the session"),
    "classwork.session_created": ("created the session {name}", "created the session"),
    "classwork.session_planned": ("planned the session; classes: {classes}", "planned the session"),
    "classwork.subject_approved": "approved the subject",
    "classwork.subject_changed": ("changed the subject: {changes:changes}", "changed the subject"),
    "classwork.subject_created": ("created the subject {title}", "created the subject"),
    "classwork.subject_hidden": "hid the subject",
    "classwork.substitutes_changed": "changed the substitute teachers",
    # proposals
    "classwork.proposal_answered": "answered the proposal",
    "classwork.proposal_approved": "approved the proposal",
    "classwork.proposal_submitted": "submitted the proposal",
    "classwork.proposal_withdrawn": "withdrew the proposal",
    # students
    "registrations.level_given": ("set the level to {level}", "set the level"),
    "registrations.level_taken_back": ("removed the level {level} that staff had set", "removed the level set by staff"),
    "registrations.place_given": "transferred the spot",
    "registrations.place_moved": (spot_moved, "moved the spot to another class"),
    "registrations.registered_at_the_desk": (student_registered, "registered the student at the desk"),
    "registrations.registration_confirmed": "confirmed the registration",
    "registrations.registration_suspended": "put the registration on hold",
    "registrations.stayed_at_the_desk": (
        "registered the student for the rest of the series in order {order}",
        "registered the student for the rest of the series",
    ),
    "registrations.ticket_confirmed": "confirmed the ticket",
    "registrations.ticket_sold_at_the_desk": (ticket_sold, "sold a ticket at the desk"),
    "registrations.ticket_suspended": "put the ticket on hold",
    # waitlists
    "registrations.place_offered": "offered a spot from the waitlist",
    "registrations.waiting_moved": ("moved the waitlist entry to position {position}", "moved the waitlist entry"),
    "registrations.waiting_taken_off": "removed the waitlist entry",
    # resources
    "classwork.file_lost": ("found that the file of “{title}” is missing", "found that the file is missing"),
    "classwork.resource_added": ("added “{title}” to {to}", "added “{title}”", "added the resource"),
    "classwork.resource_approved": ("approved “{title}”", "approved the resource"),
    "classwork.resource_as_planned": ("returned “{title}” to its planned release", "returned to the planned release"),
    "classwork.resource_changed": ("changed “{title}”", "changed the resource"),
    "registrations.resource_closed_for_one": "closed the resource for one student",
    "classwork.resource_held_back": ("held back “{title}”", "held back the resource"),
    "classwork.resource_hidden": ("hid “{title}” in {to}", "hid the resource"),
    "registrations.resource_opened_for_one": "opened the resource for one student",
    "classwork.resource_released": ("released “{title}”", "released the resource"),
    "classwork.resource_removed": ("removed “{title}” from {to}", "removed the resource"),
    "classwork.resource_shown": ("showed “{title}” in {to}", "showed the resource"),
    "classwork.resources_arranged": "changed the order of the resources",
}
