"""Structured data about classes for search engines: schema.org events."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from classwork.domain.catalog.class_summary import Listed
from classwork.models import Location
from common.money import rounded

SCHEMA = "https://schema.org"


def absolute(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def event(listed: Listed) -> dict[str, Any]:
    """A class with each of its meetings as a part. Without dates the event has no start and no end."""
    offer = listed.offer
    parts = []
    for meeting in offer.meetings.all():
        part: dict[str, Any] = {
            "@type": "EducationEvent",
            "name": offer.subject.title,
            "startDate": meeting.starts_at.isoformat(),
            "endDate": meeting.ends_at.isoformat(),
            "eventStatus": _status(is_canceled=meeting.is_cancelled),
        }
        where = meeting.location or offer.location
        parts.append(part | {"location": place(where)} if where else part)
    data: dict[str, Any] = {
        "@context": SCHEMA,
        "@type": "EducationEvent",
        "name": offer.subject.title,
        "description": offer.subject.short_description or offer.subject.title,
        "url": absolute(offer.get_absolute_url()),
        "organizer": {"@type": "Organization", "name": settings.BUSINESS_NAME, "url": absolute("/")},
        "eventAttendanceMode": f"{SCHEMA}/OfflineEventAttendanceMode",
        "eventStatus": _status(is_canceled=offer.is_called_off),
        "offers": {
            "@type": "Offer",
            "price": str(rounded(offer.full_price, settings.CURRENCY)),
            "priceCurrency": settings.CURRENCY,
            "url": absolute(offer.get_absolute_url()),
        },
        "performer": [{"@type": "Person", "name": name} for name in listed.teacher_names],
        "subEvent": parts,
    }
    if listed.first and listed.last:
        data |= {"startDate": listed.first.starts_at.isoformat(), "endDate": listed.last.ends_at.isoformat()}
    if offer.location:
        data["location"] = place(offer.location)
    return data


def _status(*, is_canceled: bool) -> str:
    return f"{SCHEMA}/EventCancelled" if is_canceled else f"{SCHEMA}/EventScheduled"


def place(location: Location) -> dict[str, Any]:
    address = {
        "@type": "PostalAddress",
        "streetAddress": location.address,
        "addressLocality": location.city,
        "addressRegion": location.state,
        "postalCode": location.zipcode,
        "addressCountry": location.country,
    }
    return {"@type": "Place", "name": location.name, "address": {key: text for key, text in address.items() if text}}
