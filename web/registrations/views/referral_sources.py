"""The answers to how people heard about the school."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from common.permissions import desk_page
from registrations.domain import referral_sources

PER_PAGE = 50


@desk_page("registrations.view_registration")
def index(request: HttpRequest) -> HttpResponse:
    page = Paginator(referral_sources.answer_counts(), PER_PAGE).get_page(request.GET.get("page"))
    rows = referral_sources.as_answers(list(page.object_list))
    return render(request, "registrations/desk/referral_sources.html", {"page": page, "rows": rows})
