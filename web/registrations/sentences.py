"""History sentences about students’ spots; history.entry_text explains how they work."""

from history.entry_text import Details, Sentence, fill_sentence
from registrations.models import CompensationPolicy


def classes_canceled(details: Details) -> str:
    days, students = len(details["days"]), details["students"]
    text = f"canceled {days} class day{'' if days == 1 else 's'} for {students} student{'' if students == 1 else 's'}"
    return f"{text}; compensation: {CompensationPolicy(details['policy']).label.lower()}"


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
    "registrations.classes_canceled": (classes_canceled, "canceled the class"),
    "registrations.class_confirmed": (
        "confirmed the class; {registered} registered, minimum {minimum}",
        "confirmed the class",
    ),
    "registrations.decision_requested": (
        "asked to confirm or cancel the class; {registered} registered, minimum {minimum}",
        "asked to confirm or cancel the class",
    ),
    "registrations.decision_postponed": (
        "moved the decision from {before:date} to {after:date}",
        "moved the decision about the class",
    ),
    "registrations.class_roles_changed": ("changed the roles to {roles:names}", "changed the roles"),
    "registrations.level_set": ("set the level to {level}", "set the level"),
    "registrations.level_removed": (
        "removed the level {level} that staff had set",
        "removed the level set by staff",
    ),
    "registrations.transferred_to_person": "transferred the spot",
    "registrations.transferred_to_class": (spot_moved, "moved the spot to another class"),
    "registrations.registered_at_desk": (student_registered, "registered the student at the desk"),
    "registrations.registration_confirmed": "confirmed the registration",
    "registrations.registration_suspended": "put the registration on hold",
    "registrations.ticket_upgraded_at_desk": (
        "registered the student for the rest of the series in order {order}",
        "registered the student for the rest of the series",
    ),
    "registrations.ticket_confirmed": "confirmed the ticket",
    "registrations.ticket_sold_at_desk": (ticket_sold, "sold a ticket at the desk"),
    "registrations.ticket_suspended": "put the ticket on hold",
    "registrations.spot_offered": "offered a spot from the waitlist",
    "registrations.waitlist_entry_moved": (
        "moved the waitlist entry to position {position}",
        "moved the waitlist entry",
    ),
    "registrations.waitlist_entry_removed": "removed the waitlist entry",
    "registrations.resource_closed_for_student": "closed the resource for one student",
    "registrations.resource_opened_for_student": "opened the resource for one student",
}
