"""The emails about spots. They are sent to attendees, while emails to the payer belong to billing."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mailroom.declare import AboutPage, Mail, MailKind
from registrations.mail_contexts import cancellations, registrations, tickets, waitlist


def _waitlist_mail(name: str, title: Promise) -> Mail:
    return Mail(
        name,
        kind=MailKind.TRANSACTIONAL,
        title=title,
        context=waitlist.waitlist_context,
        sample=waitlist.waitlist_sample,
    )


MAILS = [
    Mail(
        "registrations.class_confirmed",
        kind=MailKind.TRANSACTIONAL,
        title=_("A class is confirmed"),
        context=cancellations.decision_context,
        sample=cancellations.decision_sample,
    ),
    Mail(
        "registrations.decision_postponed",
        kind=MailKind.TRANSACTIONAL,
        title=_("We’ll decide later about a class"),
        context=cancellations.decision_context,
        sample=cancellations.decision_sample,
    ),
    Mail(
        "registrations.decision_needed",
        kind=MailKind.TRANSACTIONAL,
        title=_("A class has too few registrations (office)"),
        context=cancellations.decision_context,
        sample=cancellations.decision_sample,
    ),
    Mail(
        "registrations.classes_canceled",
        kind=MailKind.TRANSACTIONAL,
        title=_("Canceled classes"),
        context=cancellations.class_cancellation_context,
        sample=cancellations.class_cancellation_sample,
    ),
    _waitlist_mail("registrations.waitlist_joined", _("You’re on the waitlist")),
    _waitlist_mail("registrations.spot_offered", _("A spot opened up")),
    _waitlist_mail("registrations.spot_offer_expired", _("Your spot was released")),
    _waitlist_mail("registrations.waitlist_closed", _("No spot opened up")),
    Mail(
        "registrations.registered",
        kind=MailKind.TRANSACTIONAL,
        title=_("You’re registered"),
        context=registrations.registered_context,
        sample=registrations.registered_sample,
    ),
    Mail(
        "registrations.ticket",
        kind=MailKind.TRANSACTIONAL,
        title=_("Your drop-in or trial class"),
        context=tickets.ticket_context,
        sample=tickets.ticket_sample,
    ),
    Mail(
        "registrations.upgrade_invitation",
        kind=MailKind.CLASS,
        title=_("Join the rest of the series"),
        context=tickets.upgrade_invitation_context,
        sample=tickets.ticket_sample,
    ),
    Mail(
        "registrations.registration_canceled",
        kind=MailKind.TRANSACTIONAL,
        title=_("Your spot was canceled"),
        context=registrations.ended_context,
        sample=registrations.ended_sample,
    ),
    Mail(
        "registrations.transferred_to_class",
        kind=MailKind.TRANSACTIONAL,
        title=_("Moved to another class"),
        context=registrations.moved_context,
        sample=registrations.moved_sample,
    ),
    Mail(
        "registrations.transferred_to_person",
        kind=MailKind.TRANSACTIONAL,
        title=_("A spot was transferred"),
        context=registrations.transferred_context,
        sample=registrations.transferred_sample,
    ),
    Mail(
        "registrations.registered_twice",
        kind=MailKind.TRANSACTIONAL,
        title=_("Registered for a class twice"),
        context=registrations.double_registration_context,
        sample=registrations.double_registration_sample,
    ),
    Mail(
        "registrations.email_requested",
        kind=MailKind.TRANSACTIONAL,
        title=_("The email given for a participant is wrong"),
        context=registrations.address_needed_context,
        sample=registrations.address_needed_sample,
    ),
]

ABOUT = {
    "registration": AboutPage(_("Registration {}"), "desk_registration", "registrations.view_registration"),
    "ticket": AboutPage(_("Drop-in or trial {}"), "desk_ticket", "registrations.view_registration"),
    "waitlist_entry": AboutPage(
        _("Waitlist entry {}"), "desk_waitlists", "registrations.view_waitlistentry", has_id=False
    ),
    "class_cancellation": AboutPage(
        _("Class cancellation {}"), "desk_class_cancellation", "registrations.view_classcancellation"
    ),
}
