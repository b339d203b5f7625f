"""The library: resources of the viewer's classes, and those for everyone."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from common.names import tidy_name
from common.search import search_text
from registrations.domain.library import shelves

LONGEST = 100


@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    text = tidy_name(search_text(request))[:LONGEST]
    viewer_library = shelves.build_library(request.user, timezone.now(), text, request.GET.get("page"))
    return render(
        request,
        "registrations/library.html",
        {"library": viewer_library, "page": viewer_library.page, "text": text, "user": request.user},
    )
