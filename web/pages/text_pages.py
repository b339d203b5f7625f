"""The pages that show the texts of the site. A preview renders a draft with the template of its public page."""

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


def _people() -> dict[str, Any]:
    return {"people": Staff.objects.listed()}


def _people_and_classes() -> dict[str, Any]:
    today = dates.today()
    sessions = class_list.sessions_for(today=today)[:2]
    return _people() | {"programme": class_list.listing(sessions, class_list.Filters(), today=today)}


@dataclass(frozen=True)
class Place:
    name: str
    url_name: str
    template: str = "pages/text.html"
    extra_context: Callable[[], dict[str, Any]] = dict


TEXT_PAGES = {
    "home": Place("First page", "home", "pages/home.html", _people_and_classes),
    "business_about": Place("About us", "aboutus", "pages/about.html", _people),
    "contact": Place("Contact", "contact", "pages/contact.html", lambda: {"form": ContactForm()}),
    "terms": Place("Terms", "terms"),
    "privacy": Place("Privacy", "privacy"),
}


def show(request: HttpRequest, key: str, edition: Edition | None, **more: Any) -> HttpResponse:
    page = TEXT_PAGES[key]
    context = {"edition": edition, "place": page, "key": key} | page.extra_context() | more
    return render(request, page.template, context)
