from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from classwork.views.calendar_feeds import calendar_response
from registrations.domain import calendar_feeds


@require_safe
def student(request: HttpRequest, token: str) -> HttpResponse:
    holder = calendar_feeds.student_of_feed(token)
    if holder is None:
        raise Http404
    return calendar_response(calendar_feeds.student_calendar(holder), "my-classes")
