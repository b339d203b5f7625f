"""Contents of emails about cancellations by the school and about classes with a minimum enrollment."""

from dataclasses import asdict
from typing import Any

from django.urls import reverse

from classwork.domain.catalog.class_summary import ClassSummary
from classwork.models import ClassOffer
from common import dates
from common.formats import format_date
from common.links import absolute_url
from mailroom.declare import MailNotNeeded
from mailroom.models import Message
from registrations.domain import minimum_enrollment
from registrations.domain.cancellations import notifications
from registrations.models import ClassCancellation


def class_cancellation_context(message: Message) -> dict[str, Any]:
    cancellation = ClassCancellation.objects.filter(pk=message.data["cancellation_id"]).first()
    if cancellation is None:
        raise MailNotNeeded("The cancellation no longer exists.")
    notice = notifications.build_cancellation_notice(cancellation, message.to)
    first = cancellation.meetings.order_by("starts_at").first()
    return asdict(notice) | {
        "title": notice.title,
        "is_one_class": notice.is_one_class,
        "only_day": notice.only_day,
        "payer_gets_mail": notice.payer_gets_mail,
        "first": format_date(first.local_date) if first else "",
        "contact": absolute_url(reverse("contact")),
    }


def class_cancellation_sample() -> dict[str, Any]:
    sample_class = {
        "title": "Balboa 1",
        "student": "Kit Gray",
        "days": ["Tue, Jan 13, 2026, 7:00–8:00 PM"],
        "instead": ["Tue, Feb 10, 2026, 7:00–8:00 PM, Grange Hall"],
        "link": absolute_url("/classes/1"),
    }
    return {
        "title": "Balboa 1",
        "name": "Kit",
        "first": "Tue, Jan 13, 2026",
        "whole": False,
        "is_one_class": False,
        "only_day": "Tue, Jan 13, 2026, 7:00–8:00 PM",
        "payer_gets_mail": False,
        "why": "Snow.",
        "classes": [sample_class],
        "money": [{"number": "1042", "link": absolute_url("/order/1042/"), "summary": "no change", "handover": ""}],
        "teaching": [],
        "contact": absolute_url("/contact/"),
    }


def decision_context(message: Message) -> dict[str, Any]:
    """Raises MailNotNeeded if the mail no longer applies when it is sent."""
    class_offer = ClassOffer.objects.for_lists().filter(pk=message.data["class_offer_id"]).first()
    if class_offer is None or class_offer.is_canceled:
        raise MailNotNeeded("The class was deleted or canceled.")
    if class_offer.is_tentative is (message.template == "registrations.class_confirmed"):
        raise MailNotNeeded("The decision has changed.")
    return {
        "title": class_offer.subject.title,
        "name": minimum_enrollment.greeting_name_in_class(class_offer, message.to),
        "when": ClassSummary(class_offer, dates.local_today()).schedule_text,
        "day": format_date(class_offer.decision_date) if class_offer.decision_date else "",
        "minimum": class_offer.minimum_enrollment,
        "registered": minimum_enrollment.registered_count(class_offer),
        "sentence": minimum_enrollment.minimum_text(class_offer),
        "link": absolute_url(class_offer.get_absolute_url()),
        "desk": absolute_url(reverse("desk_minimum")),
        "contact": absolute_url(reverse("contact")),
    }


def decision_sample() -> dict[str, Any]:
    return {
        "title": "Balboa 1",
        "name": "Kit",
        "when": "Tuesdays 7:00–8:00 PM, Tue, Jan 6, 2026 to Tue, Feb 3, 2026",
        "day": "Sat, Jan 3, 2026",
        "minimum": 8,
        "registered": 5,
        "sentence": "Needs 8 sign-ups by Sat, Jan 3, 2026, or you get a full refund.",
        "link": absolute_url("/classes/1"),
        "desk": absolute_url("/desk/minimum/"),
        "contact": absolute_url("/contact/"),
    }
