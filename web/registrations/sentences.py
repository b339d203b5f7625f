"""History sentences about students’ spots; history.entry_text explains how they work."""

from django.utils.translation import gettext_noop as _

from history.entry_text import Details, Sentence, fill_sentence
from registrations.models import CompensationPolicy


def classes_canceled(details: Details) -> str:
    days, students = len(details["days"]), details["students"]
    text = f"canceled {days} class day{'' if days == 1 else 's'} for {students} student{'' if students == 1 else 's'}"
    return f"{text}; compensation: {CompensationPolicy(details['policy']).label.lower()}"


def spot_moved(details: Details) -> str:
    text = fill_sentence(_("moved the spot to {title}"), details)
    text += " over capacity" if details.get("over_capacity") else ""
    return f"{text} and waived the difference" if details.get("waived") else text


def student_registered(details: Details) -> str:
    over = " over capacity" if details.get("over_capacity") else ""
    return fill_sentence(_("registered the student for {title}"), details) + f"{over} at the desk"


def ticket_sold(details: Details) -> str:
    return f"sold a {'trial class' if details['trial'] else 'drop-in'} at the desk"


SENTENCES: dict[str, Sentence] = {
    "registrations.classes_canceled": (classes_canceled, _("canceled the class")),
    "registrations.class_confirmed": (
        _("confirmed the class; {registered} registered, minimum {minimum}"),
        _("confirmed the class"),
    ),
    "registrations.decision_requested": (
        _("asked to confirm or cancel the class; {registered} registered, minimum {minimum}"),
        _("asked to confirm or cancel the class"),
    ),
    "registrations.decision_postponed": (
        _("moved the decision from {before:date} to {after:date}"),
        _("moved the decision about the class"),
    ),
    "registrations.class_roles_changed": (_("changed the roles to {roles:names}"), _("changed the roles")),
    "registrations.level_set": (_("set the level to {level}"), _("set the level")),
    "registrations.level_removed": (
        _("removed the level {level} that staff had set"),
        _("removed the level set by staff"),
    ),
    "registrations.transferred_to_person": _("transferred the spot"),
    "registrations.transferred_to_class": (spot_moved, _("moved the spot to another class")),
    "registrations.registered_at_desk": (student_registered, _("registered the student at the desk")),
    "registrations.registration_confirmed": _("confirmed the registration"),
    "registrations.registration_suspended": _("put the registration on hold"),
    "registrations.ticket_upgraded_at_desk": (
        _("registered the student for the rest of the series in order {order}"),
        _("registered the student for the rest of the series"),
    ),
    "registrations.ticket_sold_at_desk": (ticket_sold, _("sold a ticket at the desk")),
    "registrations.spot_offered": _("offered a spot from the waitlist"),
    "registrations.waitlist_entry_moved": (
        _("moved the waitlist entry to position {position}"),
        _("moved the waitlist entry"),
    ),
    "registrations.waitlist_entry_removed": _("removed the waitlist entry"),
    "registrations.resource_closed_for_student": _("closed the resource for one student"),
    "registrations.resource_opened_for_student": _("opened the resource for one student"),
}
