from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from classwork.domain.schedule import calendar_feeds
from classwork.views.proposals import staff_profile_of
from registrations.domain import teaching_agenda
from registrations.domain.calendar_links import CalendarLinks
from users.roles import team_action, team_page


@team_page
def teaching(request: HttpRequest) -> HttpResponse:
    staff, now = staff_profile_of(request), timezone.now()
    if request.GET.get("show") == "past":
        page = teaching_agenda.past_classes(staff, now).get_page(request.GET.get("page"))
        return render(request, "registrations/teaching_past.html", {"page": page})
    address = calendar_feeds.teacher_feed_url(staff)
    context = {
        "agenda": teaching_agenda.agenda_of(staff, now),
        "proposals": staff.proposals.select_related(
            "subject__level", "class_offer__subject__level", "class_offer__session"
        ),
        "calendar": CalendarLinks(address, f"{settings.BUSINESS_NAME}: {staff}") if address else None,
    }
    return render(request, "registrations/teaching.html", context)


@team_action
def renew_calendar(request: HttpRequest) -> HttpResponse:
    calendar_feeds.renew_teacher_feed(staff_profile_of(request))
    messages.success(request, _("Your calendar has a new link. Earlier ones no longer work."))
    return redirect("teaching")
