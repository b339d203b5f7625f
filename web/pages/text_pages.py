"""Where the texts of the site stand. A preview shows a draft through the same template as its public page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from classwork.domain.catalog import class_list
from common import dates
from pages.forms import ContactForm
from pages.models import Edition
from users.models import Staff


def _nothing() -> dict[str, Any]:
    return {}


def _people() -> dict[str, Any]:
    return {"people": Staff.objects.listed()}


def _people_and_classes() -> dict[str, Any]:
    """The first page shows the evenings of the sessions that are on or next."""
    today = dates.today()
    sessions = class_list.sessions_for(today=today)[:2]
    return _people() | {"programme": class_list.listing(sessions, class_list.Filters(), today=today)}


def _empty_form() -> dict[str, Any]:
    return {"form": ContactForm()}


@dataclass(frozen=True)
class Place:
    name: str
    url_name: str
    template: str = "pages/text.html"
    beside: Callable[[], dict[str, Any]] = _nothing


PLACES = {
    "home": Place("First page", "home", "pages/home.html", _people_and_classes),
    "business_about": Place("About us", "aboutus", "pages/about.html", _people),
    "contact": Place("Contact", "contact", "pages/contact.html", _empty_form),
    "terms": Place("Terms", "terms"),
    "privacy": Place("Privacy", "privacy"),
}


def show(request: HttpRequest, key: str, edition: Edition | None, **more: Any) -> HttpResponse:
    place = PLACES[key]
    context = {"edition": edition, "place": place, "key": key} | place.beside() | more
    return render(request, place.template, context)
