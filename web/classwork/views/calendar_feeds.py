from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from classwork.domain.schedule import calendar_feeds
from classwork.models import ClassOffer
from common import dates


def calendar_response(data: bytes, name: str) -> HttpResponse:
    response = HttpResponse(data, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="{name}.ics"'
    return response


@require_safe
@cache_control(public=True, max_age=300)
def school(request: HttpRequest) -> HttpResponse:
    return calendar_response(calendar_feeds.school_calendar(), "classes")


@require_safe
@cache_control(public=True, max_age=300)
def classoffer(request: HttpRequest, pk: int) -> HttpResponse:
    class_offer = get_object_or_404(
        ClassOffer.objects.published(dates.local_today()).select_related("subject__level"), pk=pk
    )
    return calendar_response(calendar_feeds.class_calendar(class_offer), f"class-{pk}")


@require_safe
def teacher(request: HttpRequest, token: str) -> HttpResponse:
    # Calendar programs cannot log in, so the secret address alone gives access.
    staff = calendar_feeds.teacher_of_feed(token)
    if staff is None:
        raise Http404
    return calendar_response(calendar_feeds.teacher_calendar(staff), "my-classes")
