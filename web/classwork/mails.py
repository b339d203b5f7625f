"""The emails about spots. They are sent to attendees, while emails to the payer belong to billing."""

from typing import Any

from django.urls import reverse

from classwork.letters import called_off, places, tickets, waiting
from classwork.models import Resource
from common.links import absolute_url
from mailroom.declare import AboutPage, Mail, MailKind, MailNotNeeded
from mailroom.models import Message


def file_lost_context(message: Message) -> dict[str, Any]:
    resource = Resource.objects.filter(pk=message.data["resource_id"]).first()
    if resource is None:
        raise MailNotNeeded("The resource no longer exists.")
    return {"title": resource.title, "link": absolute_url(reverse("edit_resource", args=[resource.pk]))}


def file_lost_sample() -> dict[str, Any]:
    return {"title": "Sugar push", "link": absolute_url("/admin/")}


def _waitlist_mail(name: str, title: str) -> Mail:
    return Mail(
        name, kind=MailKind.TRANSACTIONAL, title=title, context=waiting.waitlist_context, sample=waiting.waitlist_sample
    )


MAILS = [
    Mail(
        "classwork.class_runs",
        kind=MailKind.TRANSACTIONAL,
        title="A class is confirmed",
        context=called_off.decision_context,
        sample=called_off.decision_sample,
    ),
    Mail(
        "classwork.decision_put_off",
        kind=MailKind.TRANSACTIONAL,
        title="We’ll decide later about a class",
        context=called_off.decision_context,
        sample=called_off.decision_sample,
    ),
    Mail(
        "classwork.decision_needed",
        kind=MailKind.TRANSACTIONAL,
        title="A class has too few registrations (office)",
        context=called_off.decision_context,
        sample=called_off.decision_sample,
    ),
    Mail(
        "classwork.called_off",
        kind=MailKind.TRANSACTIONAL,
        title="Canceled classes",
        context=called_off.class_cancellation_context,
        sample=called_off.class_cancellation_sample,
    ),
    _waitlist_mail("classwork.waiting_joined", "You’re on the waitlist"),
    _waitlist_mail("classwork.place_offered", "A spot opened up"),
    _waitlist_mail("classwork.offer_lapsed", "Your spot was released"),
    _waitlist_mail("classwork.waiting_closed", "No spot opened up"),
    Mail(
        "classwork.registered",
        kind=MailKind.TRANSACTIONAL,
        title="You’re registered",
        context=places.registered_context,
        sample=places.registered_sample,
    ),
    Mail(
        "classwork.ticket",
        kind=MailKind.TRANSACTIONAL,
        title="Your drop-in or trial class",
        context=tickets.ticket_context,
        sample=tickets.ticket_sample,
    ),
    Mail(
        "classwork.stay",
        kind=MailKind.CLASS,
        title="Join the rest of the series",
        context=tickets.stay_invitation_context,
        sample=tickets.ticket_sample,
    ),
    Mail(
        "classwork.place_ended",
        kind=MailKind.TRANSACTIONAL,
        title="Your spot was canceled",
        context=places.ended_context,
        sample=places.ended_sample,
    ),
    Mail(
        "classwork.moved",
        kind=MailKind.TRANSACTIONAL,
        title="Moved to another class",
        context=places.moved_context,
        sample=places.moved_sample,
    ),
    Mail(
        "classwork.place_given",
        kind=MailKind.TRANSACTIONAL,
        title="A spot was transferred",
        context=places.transferred_context,
        sample=places.transferred_sample,
    ),
    Mail(
        "classwork.twice",
        kind=MailKind.TRANSACTIONAL,
        title="Registered for a class twice",
        context=places.double_registration_context,
        sample=places.double_registration_sample,
    ),
    Mail(
        "classwork.address_wanted",
        kind=MailKind.TRANSACTIONAL,
        title="The email given for a participant is wrong",
        context=places.address_needed_context,
        sample=places.address_needed_sample,
    ),
    Mail(
        "classwork.file_lost",
        kind=MailKind.TRANSACTIONAL,
        title="A file of a class is missing (office)",
        context=file_lost_context,
        sample=file_lost_sample,
    ),
]

ABOUT = {
    "class_offer": AboutPage("Class {}", "desk_class", "classwork.view_meeting"),
    "registration": AboutPage("Registration {}", "desk_registration", "classwork.view_registration"),
    "ticket": AboutPage("Ticket {}", "desk_ticket", "classwork.view_ticket"),
    "waiting_entry": AboutPage("Waitlist entry {}", "desk_waiting_lists", "classwork.view_waitingentry", has_id=False),
    "call_off": AboutPage("Class cancellation {}", "desk_called_off", "classwork.view_calloff"),
    "resource": AboutPage("Resource {}", "admin:classwork_resource_change", "classwork.view_resource"),
}
