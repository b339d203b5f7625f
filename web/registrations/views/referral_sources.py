"""The answers to how people heard about the school."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from registrations.domain import referral_sources
from users.roles import desk_required

PER_PAGE = 50


@require_safe
@desk_required("registrations.view_registration")
def index(request: HttpRequest) -> HttpResponse:
    page = Paginator(referral_sources.answer_counts(), PER_PAGE).get_page(request.GET.get("page"))
    rows = referral_sources.as_answers(list(page.object_list))
    return render(request, "registrations/desk/referral_sources.html", {"page": page, "rows": rows})
