"""The emails about spots. They are sent to attendees, while emails to the payer belong to billing."""

from django.utils.translation import gettext_lazy as _

from mailroom.declare import AboutPage, Mail, MailKind
from registrations.mail_contexts.cancellations import (
    class_cancellation_context,
    class_cancellation_sample,
    decision_context,
    decision_sample,
)
from registrations.mail_contexts.registrations import (
    address_needed_context,
    address_needed_sample,
    double_registration_context,
    double_registration_sample,
    ended_context,
    ended_sample,
    moved_context,
    moved_sample,
    registered_context,
    registered_sample,
    transferred_context,
    transferred_sample,
)
from registrations.mail_contexts.tickets import ticket_context, ticket_sample, upgrade_invitation_context
from registrations.mail_contexts.waitlist import waitlist_context, waitlist_sample

MAILS = [
    Mail("registrations.class_confirmed", _("A class is confirmed"), decision_context, decision_sample),
    Mail("registrations.decision_postponed", _("We’ll decide later about a class"), decision_context, decision_sample),
    Mail(
        "registrations.decision_needed",
        _("A class has too few registrations (office)"),
        decision_context,
        decision_sample,
    ),
    Mail(
        "registrations.classes_canceled", _("Canceled classes"), class_cancellation_context, class_cancellation_sample
    ),
    Mail("registrations.waitlist_joined", _("You’re on the waitlist"), waitlist_context, waitlist_sample),
    Mail("registrations.spot_offered", _("A spot opened up"), waitlist_context, waitlist_sample),
    Mail("registrations.spot_offer_expired", _("Your spot was released"), waitlist_context, waitlist_sample),
    Mail("registrations.waitlist_closed", _("No spot opened up"), waitlist_context, waitlist_sample),
    Mail("registrations.registered", _("You’re registered"), registered_context, registered_sample),
    Mail("registrations.ticket", _("Your drop-in or trial class"), ticket_context, ticket_sample),
    Mail(
        "registrations.upgrade_invitation",
        _("Join the rest of the series"),
        upgrade_invitation_context,
        ticket_sample,
        kind=MailKind.CLASS,
    ),
    Mail("registrations.registration_canceled", _("Your spot was canceled"), ended_context, ended_sample),
    Mail("registrations.transferred_to_class", _("Moved to another class"), moved_context, moved_sample),
    Mail("registrations.transferred_to_person", _("A spot was transferred"), transferred_context, transferred_sample),
    Mail(
        "registrations.registered_twice",
        _("Registered for a class twice"),
        double_registration_context,
        double_registration_sample,
    ),
    Mail(
        "registrations.email_requested",
        _("The email given for a participant is wrong"),
        address_needed_context,
        address_needed_sample,
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
