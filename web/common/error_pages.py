"""The error pages. They say what happened and what to do next."""

import logging
import sys
from datetime import timedelta
from math import ceil
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common import navigation

log = logging.getLogger(__name__)
AWAY = (OperationalError, InterfaceError)
"""The database raises these when it does not answer."""
COME_BACK_SECONDS = 30
PAGES = {
    400: (
        _("We couldn’t read that"),
        _("Something in the address or the form wasn’t right. Please go back and try again."),
    ),
    403: (
        _("You don’t have access to this page"),
        _("Try logging in with another account, or contact us."),
    ),
    404: (
        _("We can’t find that page"),
        _("The address may be mistyped, or the page may have moved. Try the menu above."),
    ),
    429: (_("Too many attempts"), _("You’ve tried that too many times in a short time.")),
    503: (
        _("We’ll be back in a moment"),
        _("Nothing you sent was charged twice or half done. Please try again in half a minute."),
    ),
    500: (
        _("Something went wrong on our side"),
        _("You weren’t charged twice. Please try again in a few minutes."),
    ),
}


def render_error_page(request: HttpRequest, code: int, text: str = "", **more: Any) -> HttpResponse:
    title, default_text = PAGES[code]
    context = {"code": code, "title": title, "text": text or default_text} | more
    return render(request, "error.html", context, status=code)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render_error_page(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    # The page links to the user's own pages, so that a teacher who followed a wrong link finds Teaching.
    links = navigation.permitted_links("ACCOUNT_LINKS", request.user) if request.user.is_authenticated else []
    return render_error_page(request, 403, work_links=navigation.nav_items([link for link in links if link.permission]))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render_error_page(
        request,
        403,
        gettext("This form was open too long, or cookies are off. Please go back, reload the page and try again."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render_error_page(request, 404)


def too_many_requests(request: HttpRequest, wait: timedelta) -> HttpResponse:
    minutes = max(1, ceil(wait.total_seconds() / 60))
    response = render_error_page(request, 429, too_many_attempts_text(minutes))
    response.headers["Retry-After"] = str(ceil(wait.total_seconds()))
    return response


def too_many_attempts_text(minutes: int) -> str:
    if minutes == 1:
        return gettext("You’ve tried that too many times in a short time. Please try again in a minute.")
    if minutes <= 90:
        sentence = gettext("You’ve tried that too many times in a short time. Please try again in %(minutes)s minutes.")
        return sentence % {"minutes": minutes}
    sentence = gettext("You’ve tried that too many times in a short time. Please try again in %(hours)s hours.")
    return sentence % {"hours": ceil(minutes / 60)}


def server_error(request: HttpRequest) -> HttpResponse:
    # It must not use the session or the account of the request, because the database may be what failed.
    code = 503 if isinstance(sys.exc_info()[1], AWAY) else 500
    title, text = PAGES[code]
    context: dict[str, Any] = {"code": code, "title": title, "text": text}
    context |= {"BUSINESS_NAME": settings.BUSINESS_NAME, "BRAND_HUE": settings.BRAND_HUE, "SITE_URL": settings.SITE_URL}
    try:
        body: str = render_to_string("error.html", context)
    except Exception:
        log.exception("The error page could not be rendered")
        body = f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{text}</p>"
    headers = {"Retry-After": str(COME_BACK_SECONDS)} if code == 503 else None
    return HttpResponse(body, status=code, headers=headers)
