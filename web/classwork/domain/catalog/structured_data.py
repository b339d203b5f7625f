"""Structured data about classes for search engines: schema.org events."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from classwork.domain.catalog.class_summary import ClassSummary
from classwork.models import Location
from common.links import absolute_url
from common.money import round_amount

SCHEMA = "https://schema.org"


def class_json_ld(listed: ClassSummary) -> dict[str, Any]:
    """A class with each of its meetings as a part. Without dates the event has no start and no end."""
    class_offer = listed.class_offer
    parts = []
    for meeting in class_offer.meetings.all():
        part: dict[str, Any] = {
            "@type": "EducationEvent",
            "name": class_offer.subject.title,
            "startDate": meeting.starts_at.isoformat(),
            "endDate": meeting.ends_at.isoformat(),
            "eventStatus": _event_status(is_canceled=meeting.is_canceled),
        }
        where = meeting.location or class_offer.location
        parts.append(part | {"location": location_json_ld(where)} if where else part)
    data: dict[str, Any] = {
        "@context": SCHEMA,
        "@type": "EducationEvent",
        "name": class_offer.subject.title,
        "description": class_offer.subject.short_description or class_offer.subject.title,
        "url": absolute_url(class_offer.get_absolute_url()),
        "organizer": {"@type": "Organization", "name": settings.BUSINESS_NAME, "url": absolute_url("/")},
        "eventAttendanceMode": f"{SCHEMA}/OfflineEventAttendanceMode",
        "eventStatus": _event_status(is_canceled=class_offer.is_canceled),
        "offers": {
            "@type": "Offer",
            "price": str(round_amount(class_offer.full_price, settings.CURRENCY)),
            "priceCurrency": settings.CURRENCY,
            "url": absolute_url(class_offer.get_absolute_url()),
        },
        "performer": [{"@type": "Person", "name": name} for name in listed.teacher_names],
        "subEvent": parts,
    }
    if listed.first and listed.last:
        data |= {"startDate": listed.first.starts_at.isoformat(), "endDate": listed.last.ends_at.isoformat()}
    if class_offer.location:
        data["location"] = location_json_ld(class_offer.location)
    return data


def _event_status(*, is_canceled: bool) -> str:
    return f"{SCHEMA}/EventCancelled" if is_canceled else f"{SCHEMA}/EventScheduled"


def location_json_ld(location: Location) -> dict[str, Any]:
    address = {
        "@type": "PostalAddress",
        "streetAddress": location.address,
        "addressLocality": location.city,
        "addressRegion": location.state,
        "postalCode": location.zipcode,
        "addressCountry": location.country,
    }
    return {"@type": "Place", "name": location.name, "address": {key: text for key, text in address.items() if text}}
