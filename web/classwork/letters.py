"""What stands in the mails about days and classes that the school cancels."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.urls import reverse

from classwork.domain.calling_off import telling
from classwork.models import CallOff
from common import dates
from mailroom.declare import NotNeeded
from mailroom.models import Message


def _page(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def called_off_context(message: Message) -> dict[str, Any]:
    deed = CallOff.objects.filter(pk=message.data["call_off_id"]).first()
    if deed is None:
        raise NotNeeded("The cancellation is gone.")
    said = telling.letter(deed, message.to)
    first = deed.meetings.order_by("starts_at").first()
    return asdict(said) | {
        "title": said.title,
        "first": dates.day(first.on) if first else "",
        "contact": _page(reverse("contact")),
    }


def called_off_sample() -> dict[str, Any]:
    one = {
        "title": "Balboa 1",
        "student": "Kit Gray",
        "days": ["Tue 13 Jan, 7pm - 8pm"],
        "instead": ["Tue 10 Feb, 7pm - 8pm, Grange Hall"],
        "link": _page("/classes/1"),
    }
    return {
        "title": "Balboa 1",
        "first": "Tue 13 Jan",
        "whole": False,
        "why": "Snow",
        "classes": [one],
        "money": [{"number": "1042", "link": _page("/order/1042/"), "said": "nothing changes about the money"}],
        "teaching": [],
        "contact": _page("/contact/"),
    }
