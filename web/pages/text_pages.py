"""The pages that show the texts of the site. A preview renders a draft with the template of its public page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from classwork.domain.catalog import class_list
from common import dates
from pages.forms import ContactForm
from pages.models import Edition
from users.models import Staff


def _staff_context() -> dict[str, Any]:
    return {"people": Staff.objects.listed()}


def _staff_and_classes_context() -> dict[str, Any]:
    today = dates.local_today()
    sessions = class_list.sessions_to_show(today=today)[:2]
    return _staff_context() | {
        "schedule": class_list.build_class_list(sessions, class_list.ClassFilters(), today=today)
    }


@dataclass(frozen=True)
class TextPage:
    name: str | Promise
    url_name: str
    template: str = "pages/text.html"
    extra_context: Callable[[], dict[str, Any]] = dict


TEXT_PAGES = {
    "home": TextPage(_("First page"), "home", "pages/home.html", _staff_and_classes_context),
    "business_about": TextPage(_("About us"), "aboutus", "pages/about.html", _staff_context),
    "contact": TextPage(_("Contact"), "contact", "pages/contact.html", lambda: {"form": ContactForm()}),
    "terms": TextPage(_("Terms"), "terms"),
    "privacy": TextPage(_("Privacy"), "privacy"),
}


def render_text_page(request: HttpRequest, key: str, edition: Edition | None, **more: Any) -> HttpResponse:
    page = TEXT_PAGES[key]
    context = {"edition": edition, "text_page": page, "key": key} | page.extra_context() | more
    return render(request, page.template, context)
