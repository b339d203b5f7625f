from django.urls import path, register_converter
from django.urls.converters import StringConverter

from classwork.forms.meetings import MEETING_FORMS
from classwork.views import (
    calendar_feeds,
    catalog,
    desk_proposals,
    desk_schedule,
    proposals,
    teaching_resources,
    uploads,
)


class AttachableConverter(StringConverter):
    """What resources can be attached to."""

    regex = "class|subject"


register_converter(AttachableConverter, "thing")

urlpatterns = [
    path("classes/past/", catalog.past_sessions, name="past_sessions"),
    path("classes/calendar.ics", calendar_feeds.school, name="school_calendar"),
    path("classes/<int:pk>/calendar.ics", calendar_feeds.classoffer, name="classoffer_calendar"),
    path("calendar/<str:token>.ics", calendar_feeds.teacher, name="teacher_calendar"),
    path("teaching/propose/subject/", proposals.propose, {"kind": "subject"}, name="propose_subject"),
    path("teaching/propose/class/", proposals.propose, {"kind": "class"}, name="propose_class"),
    path("teaching/proposals/<int:pk>/", proposals.proposal, name="proposal"),
    path("teaching/proposals/<int:pk>/edit/", proposals.edit_proposal, name="edit_proposal"),
    path("teaching/proposals/<int:pk>/submit/", proposals.submit_proposal, name="submit_proposal"),
    path("teaching/subjects/<int:pk>/change/", proposals.request_change, {"kind": "subject"}, name="change_subject"),
    path("teaching/classes/<int:pk>/change/", proposals.request_change, {"kind": "class"}, name="change_class"),
    path("teaching/<thing:what>/<int:pk>/resources/", teaching_resources.index, name="class_resources"),
    path("teaching/<thing:what>/<int:pk>/resources/add/<str:kind>/", teaching_resources.add, name="add_resource"),
    path("teaching/<thing:what>/<int:pk>/resources/arrange/", teaching_resources.arrange, name="arrange_resources"),
    path(
        "teaching/<thing:what>/<int:pk>/resources/<int:number>/",
        teaching_resources.change_attachment,
        name="change_attachment",
    ),
    path(
        "teaching/class/<int:pk>/resources/as-student/",
        teaching_resources.student_view_page,
        name="resources_as_student",
    ),
    path("teaching/resources/<int:pk>/", teaching_resources.edit, name="edit_resource"),
    path("teaching/uploads/", uploads.invite, name="invite_upload"),
    path("teaching/uploads/<str:ticket>/", uploads.receive, name="receive_upload"),
    path("desk/sessions/", desk_schedule.sessions, name="desk_sessions"),
    path("desk/classes/<int:pk>/add/", desk_schedule.add_day, name="desk_add_day"),
    *(
        path(f"desk/days/<int:pk>/{action}/", desk_schedule.change_day, {"action": action}, name=f"desk_{action}_day")
        for action in MEETING_FORMS
    ),
    path("desk/proposals/", desk_proposals.proposal_list, name="desk_proposals"),
    path("desk/proposals/<int:pk>/", desk_proposals.proposal_detail, name="desk_proposal"),
    path("location/", catalog.location_list, name="location_list"),
]
