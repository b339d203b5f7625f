"""The public pages of any school, and the files for browsers and search engines."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from common import drawings
from common.throttle import rate_limited
from common.views import FORM_METHODS
from pages import text_pages
from pages.domain import contact as contact_messages
from pages.domain import texts
from pages.forms import ContactForm

cache_forever = cache_control(public=True, max_age=365 * 24 * 3600, immutable=True)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return text_pages.render_text_page(request, "home", texts.published_edition("home"))


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    return text_pages.render_text_page(request, "business_about", texts.published_edition("business_about"))


@require_safe
def text(request: HttpRequest, key: str, number: int | None = None) -> HttpResponse:
    # Each edition stays readable for the people who agreed to it.
    edition = texts.published_edition(key, number)
    if edition is None and number is not None:
        raise Http404
    others = texts.other_editions(edition) if edition else []
    newest = all(other.number < edition.number for other in others) if edition else True
    return text_pages.render_text_page(request, key, edition, others=others, newest=newest)


@require_http_methods(FORM_METHODS)
@rate_limited("contact", by_address="20/h", by_account="5/h")
def contact(request: HttpRequest) -> HttpResponse:
    user = request.user if request.user.is_authenticated else None
    known = {"name": user.get_full_name(), "email": user.email} if user else {}
    form = ContactForm(request.POST or None, initial=known)
    if form.is_valid():
        contact_messages.receive_contact_message(form.save(commit=False), user)
        return redirect("contact_thanks")
    return text_pages.render_text_page(request, "contact", texts.published_edition("contact"), form=form)


@require_safe
@cache_forever
def brand_css(request: HttpRequest, hue: int, mark: str) -> HttpResponse:
    # The school's color and mark are a file of one rule, because the security policy allows no inline styles.
    svg = _render_drawing(mark, hue)
    rule = f':root{{--brand-hue:{hue};--brand-mark:url("{drawings.svg_data_url(svg)}")}}\n'
    return HttpResponse(rule, content_type="text/css; charset=utf-8")


@require_safe
@cache_forever
def drawing_file(request: HttpRequest, hue: int, name: str) -> HttpResponse:
    # The URL describes the whole drawing, so that browsers can cache it forever. Its colors are an inline style.
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return HttpResponse(_render_drawing(name, hue), content_type="image/svg+xml", headers=headers)


def _render_drawing(name: str, hue: int) -> str:
    try:
        return drawings.render_file(name, hue)
    except ValueError as error:
        raise Http404 from error


@require_safe
@cache_control(public=True, max_age=24 * 3600)
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: /{folder}/" for folder in ("admin", "desk", "user", "payment"))]
    lines.append(f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
