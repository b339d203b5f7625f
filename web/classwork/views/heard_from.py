"""The answers to how people heard about the school."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from classwork.domain.places import heard_from
from users.roles import desk_required

PER_PAGE = 50


@require_safe
@desk_required("classwork.view_registration")
def index(request: HttpRequest) -> HttpResponse:
    page = Paginator(heard_from.answer_counts(), PER_PAGE).get_page(request.GET.get("page"))
    rows = heard_from.as_answers(list(page.object_list))
    return render(request, "desk/heard_from.html", {"page": page, "rows": rows})
