"""The pages that any school has, and those that browsers and search engines ask for."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from common.drawings import draw, fills
from common.throttle import throttled
from pages import places
from pages.domain import contact as letters
from pages.domain import texts
from pages.forms import ContactForm

A_YEAR = 365 * 24 * 3600


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return places.show(request, "home", texts.published("home"))


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    return places.show(request, "business_about", texts.published("business_about"))


@require_safe
def text(request: HttpRequest, key: str, number: int | None = None) -> HttpResponse:
    """The terms and such; each edition stays readable for those who agreed to it."""
    edition = texts.published(key, number)
    if edition is None and number is not None:
        raise Http404
    others = texts.other_editions(edition) if edition else []
    newest = all(other.number < edition.number for other in others) if edition else True
    return places.show(request, key, edition, others=others, newest=newest)


@require_http_methods(["GET", "HEAD", "POST"])
@throttled("contact", by_address="20/h", by_account="5/h")
def contact(request: HttpRequest) -> HttpResponse:
    user = request.user if request.user.is_authenticated else None
    known = {"name": user.get_full_name(), "email": user.email} if user else {}
    form = ContactForm(request.POST or None, initial=known)
    if form.is_valid():
        letters.receive(form.save(commit=False), user)
        return redirect("contact_thanks")
    return places.show(request, "contact", texts.published("contact"), form=form)


@require_safe
def contact_thanks(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/contact_thanks.html")


@require_safe
@cache_control(public=True, max_age=A_YEAR)
def brand_css(request: HttpRequest) -> HttpResponse:
    """The school's own accent. The policy allows no style in a page, so the hue comes as a file of one rule."""
    return HttpResponse(f":root{{--brand-hue:{settings.BRAND_HUE}}}\n", content_type="text/css; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=24 * 3600)
def favicon(request: HttpRequest) -> HttpResponse:
    context = {"drawing": draw(settings.BUSINESS_NAME, columns=2, rows=2), "fills": fills(settings.BRAND_HUE)}
    return HttpResponse(render_to_string("pages/favicon.svg", context), content_type="image/svg+xml")


@require_safe
@cache_control(public=True, max_age=24 * 3600)
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: /{folder}/" for folder in ("admin", "desk", "user", "payment"))]
    lines.append(f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
