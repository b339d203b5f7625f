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
    page = viewer_library.page
    nothing_else = not viewer_library.libraries and not page.has_other_pages()
    context = {
        "library": viewer_library,
        "page": page,
        "text": text,
        "nothing_found": bool(text) and nothing_else and not viewer_library.open_items,
        "is_empty": nothing_else and not viewer_library.shelves,
        "user": request.user,
    }
    return render(request, "registrations/library.html", context)
