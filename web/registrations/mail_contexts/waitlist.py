"""Contents of waitlist emails."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from classwork.domain.catalog.class_summary import ClassSummary
from common import dates
from common.links import absolute_url
from common.names import first_name
from mailroom.declare import MailNotNeeded
from mailroom.models import Message
from registrations.domain.waitlist import entries, presentation
from registrations.models import WaitlistEntry


def waitlist_context(message: Message) -> dict[str, Any]:
    """Raises MailNotNeeded if the offer is no longer valid when the mail is sent."""
    entries_with_class = WaitlistEntry.objects.select_related("class_offer__subject__level", "class_offer__session")
    entry = entries_with_class.prefetch_related("class_offer__meetings").filter(pk=message.data["entry_id"]).first()
    if entry is None:
        raise MailNotNeeded("The entry no longer exists.")
    class_offer = entry.class_offer
    status = presentation.describe_entry(entry, timezone.now())
    if message.template == "registrations.spot_offered" and not status.is_open:
        raise MailNotNeeded("The spot is no longer reserved for them.")
    if message.template == "registrations.waitlist_joined" and not status.is_waiting:
        raise MailNotNeeded("They are no longer waiting.")
    return {
        "title": class_offer.subject.title,
        "when": ClassSummary(class_offer, dates.local_today()).schedule_text,
        "name": first_name(entry.contact_name),
        "names": status.names,
        "in_line": status.in_line,
        "until": status.until,
        "is_canceled": class_offer.is_canceled,
        "link": absolute_url(entries.entry_url(entry)),
        "classes": absolute_url(reverse("classoffer_list")),
    }


def waitlist_sample() -> dict[str, Any]:
    return {
        "title": "Balboa 1",
        "when": "Tuesdays 7:00–8:00 PM, Tue, Jan 6, 2026 to Tue, Feb 3, 2026",
        "name": "Alice",
        "names": "Alice Arden (lead)",
        "in_line": "You’re 3rd in line",
        "until": "Tue, Jan 6, 2026, 6:00 PM",
        "is_canceled": False,
        "link": absolute_url("/"),
        "classes": absolute_url("/classes/"),
    }
