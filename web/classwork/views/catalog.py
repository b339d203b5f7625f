from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from classwork.domain.catalog import class_list
from classwork.models import Location
from common import dates
from common.permissions import can_use_desk
from users.roles import is_team

PAST_SESSIONS_A_PAGE = 24


def sees_unpublished(request: HttpRequest) -> bool:
    # Teachers and the office see classes that are still being planned.
    return can_use_desk(request.user) or is_team(request.user)


@require_safe
def past_sessions(request: HttpRequest) -> HttpResponse:
    sessions = Paginator(class_list.past_sessions(dates.local_today()), PAST_SESSIONS_A_PAGE)
    page = sessions.get_page(request.GET.get("page"))
    return render(request, "classwork/past_sessions.html", {"page": page})


@require_safe
def location_list(request: HttpRequest) -> HttpResponse:
    visible = Location.objects.all() if sees_unpublished(request) else Location.objects.filter(is_public=True)
    return render(request, "classwork/location_list.html", {"locations": visible})
