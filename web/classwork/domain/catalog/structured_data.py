"""Structured data about classes for search engines: schema.org events."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from classwork.domain.catalog.class_summary import Listed
from classwork.models import ClassOffer, Location, Meeting
from common.money import rounded

SCHEMA = "https://schema.org"


def absolute(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def event(listed: Listed) -> dict[str, Any]:
    """A class with each of its meetings as a part. Without dates the event has no start and no end."""
    offer = listed.offer
    found = {
        "@context": SCHEMA,
        "@type": "EducationEvent",
        "name": offer.subject.title,
        "description": offer.subject.short_description or offer.subject.title,
        "url": absolute(offer.get_absolute_url()),
        "organizer": {"@type": "Organization", "name": settings.BUSINESS_NAME, "url": absolute("/")},
        "eventAttendanceMode": f"{SCHEMA}/OfflineEventAttendanceMode",
        "eventStatus": _status(is_canceled=offer.is_called_off),
        "offers": _price(offer),
        "performer": [{"@type": "Person", "name": name} for name in listed.teacher_names],
        "subEvent": [_part(offer, meeting) for meeting in offer.meetings.all()],
    }
    if listed.first and listed.last:
        found |= {"startDate": listed.first.starts_at.isoformat(), "endDate": listed.last.ends_at.isoformat()}
    if offer.location:
        found["location"] = place(offer.location)
    return found


def _status(*, is_canceled: bool) -> str:
    return f"{SCHEMA}/EventCancelled" if is_canceled else f"{SCHEMA}/EventScheduled"


def _part(offer: ClassOffer, meeting: Meeting) -> dict[str, Any]:
    part = {
        "@type": "EducationEvent",
        "name": offer.subject.title,
        "startDate": meeting.starts_at.isoformat(),
        "endDate": meeting.ends_at.isoformat(),
        "eventStatus": _status(is_canceled=meeting.is_cancelled),
    }
    where = meeting.location or offer.location
    return part | {"location": place(where)} if where else part


def _price(offer: ClassOffer) -> dict[str, Any]:
    return {
        "@type": "Offer",
        "price": str(rounded(offer.full_price, settings.CURRENCY)),
        "priceCurrency": settings.CURRENCY,
        "url": absolute(offer.get_absolute_url()),
    }


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
