"""The sessions and the changes to class days at the desk."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from classwork.forms.meetings import MEETING_FORMS, AddMeetingForm, MeetingActionForm
from classwork.models import ClassOffer, Meeting, Session
from common.permissions import desk_form, desk_page
from common.views import posted_data, redirect_with, refusal_as_message
from users.roles import acting_user

PER_PAGE = 25


@desk_page("classwork.view_session")
def sessions(request: HttpRequest) -> HttpResponse:
    listed = Session.objects.annotate(classes=Count("class_offers")).order_by("-key_day_date", "-pk")
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "classwork/desk/sessions.html", {"page": page})


@desk_form("classwork.change_meeting")
def change_day(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    related = Meeting.objects.select_related("class_offer__subject__level", "class_offer__session", "location")
    meeting = get_object_or_404(related, pk=pk)
    form = MEETING_FORMS[action](posted_data(request), meeting=meeting)
    return _apply_meeting_action(request, form, meeting.class_offer, {"meeting": meeting})


@desk_form("classwork.add_meeting")
def add_day(request: HttpRequest, pk: int) -> HttpResponse:
    class_offer = get_object_or_404(ClassOffer.objects.select_related("subject__level", "session"), pk=pk)
    return _apply_meeting_action(
        request, AddMeetingForm(posted_data(request), class_offer=class_offer), class_offer, {}
    )


def _apply_meeting_action(
    request: HttpRequest, form: MeetingActionForm | AddMeetingForm, class_offer: ClassOffer, context: dict[str, Any]
) -> HttpResponse:
    if form.is_valid():
        with refusal_as_message(request):
            form.carry_out(acting_user(request))
            return redirect_with(
                request, _("Saved. Calendars and the public page are up to date."), "desk_class", class_offer.pk
            )
    return render(request, "classwork/desk/class_day.html", context | {"form": form, "class_offer": class_offer})
