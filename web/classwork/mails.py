"""The emails about spots. They are sent to attendees, while emails to the payer belong to billing."""

from typing import Any

from django.urls import reverse

from classwork.letters import called_off, places, tickets, waiting
from classwork.letters.parts import page
from classwork.models import Resource
from mailroom.declare import AboutPage, Kind, Mail, NotNeeded
from mailroom.models import Message


def file_lost_context(message: Message) -> dict[str, Any]:
    resource = Resource.objects.filter(pk=message.data["resource_id"]).first()
    if resource is None:
        raise NotNeeded("The resource no longer exists.")
    return {"title": resource.title, "link": page(reverse("edit_resource", args=[resource.pk]))}


def file_lost_sample() -> dict[str, Any]:
    return {"title": "Sugar push", "link": page("/admin/")}


def _waiting(name: str, title: str) -> Mail:
    return Mail(name, kind=Kind.TRANSACTIONAL, title=title, context=waiting.context, sample=waiting.sample)


MAILS = [
    Mail(
        "classwork.class_runs",
        kind=Kind.TRANSACTIONAL,
        title="A class is confirmed",
        context=called_off.decision_context,
        sample=called_off.decision_sample,
    ),
    Mail(
        "classwork.decision_put_off",
        kind=Kind.TRANSACTIONAL,
        title="We’ll decide later about a class",
        context=called_off.decision_context,
        sample=called_off.decision_sample,
    ),
    Mail(
        "classwork.decision_needed",
        kind=Kind.TRANSACTIONAL,
        title="A class has too few registrations (office)",
        context=called_off.decision_context,
        sample=called_off.decision_sample,
    ),
    Mail(
        "classwork.called_off",
        kind=Kind.TRANSACTIONAL,
        title="Canceled classes",
        context=called_off.called_off_context,
        sample=called_off.called_off_sample,
    ),
    _waiting("classwork.waiting_joined", "You’re on the waitlist"),
    _waiting("classwork.place_offered", "A spot opened up"),
    _waiting("classwork.offer_lapsed", "Your spot was released"),
    _waiting("classwork.waiting_closed", "No spot opened up"),
    Mail(
        "classwork.registered",
        kind=Kind.TRANSACTIONAL,
        title="You’re registered",
        context=places.registered_context,
        sample=places.registered_sample,
    ),
    Mail(
        "classwork.ticket",
        kind=Kind.TRANSACTIONAL,
        title="Your drop-in or trial class",
        context=tickets.ticket_context,
        sample=tickets.ticket_sample,
    ),
    Mail(
        "classwork.stay",
        kind=Kind.CLASS,
        title="Join the rest of the series",
        context=tickets.stay_context,
        sample=tickets.ticket_sample,
    ),
    Mail(
        "classwork.place_ended",
        kind=Kind.TRANSACTIONAL,
        title="Your spot was canceled",
        context=places.ended_context,
        sample=places.ended_sample,
    ),
    Mail(
        "classwork.moved",
        kind=Kind.TRANSACTIONAL,
        title="Moved to another class",
        context=places.moved_context,
        sample=places.moved_sample,
    ),
    Mail(
        "classwork.place_given",
        kind=Kind.TRANSACTIONAL,
        title="A spot was transferred",
        context=places.place_given_context,
        sample=places.place_given_sample,
    ),
    Mail(
        "classwork.twice",
        kind=Kind.TRANSACTIONAL,
        title="Registered for a class twice",
        context=places.twice_context,
        sample=places.twice_sample,
    ),
    Mail(
        "classwork.address_wanted",
        kind=Kind.TRANSACTIONAL,
        title="The email given for a participant is wrong",
        context=places.address_wanted_context,
        sample=places.address_wanted_sample,
    ),
    Mail(
        "classwork.file_lost",
        kind=Kind.TRANSACTIONAL,
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
