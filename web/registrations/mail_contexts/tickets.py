"""Contents of emails about drop-ins and trials."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from billing.rules.price_facts import PriceFacts
from classwork.domain.catalog.class_summary import ClassSummary
from classwork.models import ClassOffer
from common import dates
from common.links import absolute_url
from mailroom.declare import MailNotNeeded
from mailroom.models import Message
from registrations.domain.upgrades import upgrades
from registrations.mail_contexts.shared import reader_context
from registrations.models import Registration


def ticket_context(message: Message) -> dict[str, Any]:
    """Raises MailNotNeeded if the ticket has changed by the time the mail is sent."""
    tickets = Registration.objects.single_meeting().confirmed().for_meeting_lists()
    ticket = tickets.filter(pk=message.data["registration_id"]).first()
    if ticket is None or ticket.day.is_canceled:
        raise MailNotNeeded("The ticket is no longer valid, or the class day was canceled.")
    class_offer, location = ticket.class_offer, ticket.day.location or ticket.class_offer.location
    return reader_context(ticket.student) | {
        "title": class_offer.subject.title,
        "trial": ticket.is_trial,
        "costs": PriceFacts.from_json(ticket.ordered_line.price_facts or {"list_price": 0}).net_price > 0,
        "when": str(ticket.day.slot),
        "where": f"{location}, {location.full_address}" if location else "",
        "link": absolute_url(upgrades.ticket_url(ticket)),
        "contact": absolute_url(reverse("contact")),
    }


def upgrade_invitation_context(message: Message) -> dict[str, Any]:
    context = ticket_context(message)
    ticket = Registration.objects.for_meeting_lists().get(pk=message.data["registration_id"])
    class_offer = ClassOffer.objects.for_lists().get(pk=ticket.class_offer_id)
    if reason := upgrades.upgrade_refusal(ticket, timezone.now()):
        raise MailNotNeeded(reason)
    return context | {
        "when": f"{class_offer.day} {class_offer.time_range}",
        "until": ClassSummary(class_offer, dates.local_today()).date_range,
    }


def ticket_sample() -> dict[str, Any]:
    return {
        "title": "Balboa 1",
        "trial": True,
        "costs": True,
        "when": "Tue, Jan 6, 2026, 7:00–8:00 PM",
        "until": "Tue, Jan 6, 2026 to Tue, Feb 3, 2026",
        "where": "Grange Hall, 1 Main Street",
        "student": "Kit Gray",
        "name": "Kit",
        "is_self": True,
        "to_guardian": False,
        "link": absolute_url("/"),
        "contact": absolute_url("/contact/"),
    }
