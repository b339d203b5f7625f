from datetime import date

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from classwork.forms.meetings import MEETING_FORMS
from classwork.views import calendar_feeds, desk_schedule, proposals, teaching_resources, uploads
from registrations.views import class_cancellation, desk_registrations, student_cancellation, referral_sources, library, minimum_enrollment, transfers, registration, class_pages, release_times, resources, students, tickets, waitlist


class DayConverter:
    """A date in an address, such as 2026-01-08."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, text: str) -> date:
        return date.fromisoformat(text)

    def to_url(self, day: date) -> str:
        return day.isoformat()


class AttachableConverter(StringConverter):
    """What resources can be attached to."""

    regex = "class|subject"


register_converter(DayConverter, "day")
register_converter(AttachableConverter, "thing")

urlpatterns = [
    path("classes/", class_pages.classoffer_list, name="classoffer_list"),
    path("classes/<int:pk>", class_pages.classoffer_detail, name="classoffer_detail"),
    path("classes/sess/<str:names>", class_pages.classoffer_list, name="classoffer_display_session"),
    path("classes/date/<day:day>", class_pages.classoffer_list, name="classoffer_display_date"),
    path("classes/past/", class_pages.past_sessions, name="past_sessions"),
    path("classes/levels/", class_pages.level_guide, name="level_guide"),
    path("classes/calendar.ics", calendar_feeds.school, name="school_calendar"),
    path("classes/<int:pk>/calendar.ics", calendar_feeds.classoffer, name="classoffer_calendar"),
    path("calendar/<str:token>.ics", calendar_feeds.teacher, name="teacher_calendar"),
    path("teaching/", proposals.teaching, name="teaching"),
    path("teaching/classes/<int:pk>/", students.participants, name="participants"),
    path("teaching/students/<int:pk>/", students.taught_student, name="taught_student"),
    path("teaching/calendar/new/", proposals.renew_calendar, name="renew_calendar"),
    path("teaching/propose/subject/", proposals.propose, {"kind": "subject"}, name="propose_subject"),
    path("teaching/propose/class/", proposals.propose, {"kind": "class"}, name="propose_class"),
    path("teaching/proposals/<int:pk>/", proposals.proposal, name="proposal"),
    path("teaching/proposals/<int:pk>/edit/", proposals.edit_proposal, name="edit_proposal"),
    path("teaching/proposals/<int:pk>/submit/", proposals.submit_proposal, name="submit_proposal"),
    path("teaching/subjects/<int:pk>/change/", proposals.request_change, {"kind": "subject"}, name="change_subject"),
    path("teaching/classes/<int:pk>/change/", proposals.request_change, {"kind": "class"}, name="change_class"),
    path("teaching/<thing:what>/<int:pk>/resources/", teaching_resources.index, name="things_resources"),
    path("teaching/<thing:what>/<int:pk>/resources/add/<str:kind>/", teaching_resources.add, name="add_resource"),
    path("teaching/<thing:what>/<int:pk>/resources/arrange/", teaching_resources.arrange, name="arrange_resources"),
    path(
        "teaching/<thing:what>/<int:pk>/resources/<int:number>/",
        teaching_resources.change_attachment,
        name="change_resource_here",
    ),
    path(
        "teaching/class/<int:pk>/resources/as-student/",
        teaching_resources.student_view_page,
        name="resources_as_student",
    ),
    path("teaching/class/<int:pk>/resources/<int:number>/times/", release_times.times, name="resource_times"),
    path("teaching/resources/<int:pk>/", teaching_resources.edit, name="edit_resource"),
    path("teaching/uploads/", uploads.invite, name="invite_upload"),
    path("teaching/uploads/<str:ticket>/", uploads.receive, name="receive_upload"),
    path("desk/sessions/", desk_schedule.sessions, name="desk_sessions"),
    path("desk/sessions/<int:pk>/next/", desk_schedule.plan_next, name="desk_next_session"),
    path("desk/classes/<int:pk>/", desk_schedule.class_days, name="desk_class"),
    path("desk/classes/<int:pk>/add/", desk_schedule.add_day, name="desk_add_day"),
    *(
        path(f"desk/days/<int:pk>/{action}/", desk_schedule.change_day, {"action": action}, name=f"desk_{action}_day")
        for action in MEETING_FORMS
    ),
    path("desk/minimum/", minimum_enrollment.index, name="desk_minimum"),
    path("desk/minimum/<int:pk>/confirm/", minimum_enrollment.decide, {"action": "confirm"}, name="desk_confirm_class"),
    path("desk/minimum/<int:pk>/later/", minimum_enrollment.decide, {"action": "later"}, name="desk_put_off_class"),
    path("desk/cancel/", class_cancellation.steps, name="desk_call_off"),
    path("desk/cancelled/<int:pk>/", class_cancellation.detail, name="desk_called_off"),
    path("desk/registrations/", desk_registrations.index, name="desk_registrations"),
    path("desk/registrations/<int:pk>/", desk_registrations.detail, name="desk_registration"),
    path("desk/registrations/<int:pk>/move/", desk_registrations.move, name="desk_move_place"),
    path("desk/registrations/<int:pk>/give/", desk_registrations.give, name="desk_give_place"),
    path("desk/heard-from/", referral_sources.index, name="desk_heard_from"),
    path("desk/students/", students.index, name="desk_students"),
    path("desk/students/<int:pk>/", students.desk_student, name="desk_student"),
    path("desk/registrations/new/", desk_registrations.enter, name="desk_register"),
    path("desk/proposals/", desk_schedule.proposal_list, name="desk_proposals"),
    path("desk/proposals/<int:pk>/", desk_schedule.proposal_detail, name="desk_proposal"),
    path("classes/<int:pk>/try/", tickets.buy, name="buy_ticket"),
    path("classes/<int:pk>/wait/", waitlist.join, name="wait"),
    path("classes/<int:pk>/wait/leave/", waitlist.leave_waitlist_in_session, name="leave_waitlist"),
    path("tickets/<str:token>/", tickets.ticket, name="ticket"),
    path("tickets/<str:token>/stay/", tickets.stay, name="stay"),
    path("waiting/<str:token>/", waitlist.entry, name="waiting_entry"),
    path("waiting/<str:token>/take/", waitlist.take, name="take_place"),
    path("waiting/<str:token>/leave/", waitlist.leave, name="leave_waiting"),
    path("desk/waiting/", waitlist.desk_lists, name="desk_waiting_lists"),
    path("desk/classes/<int:pk>/tickets/", tickets.desk_ticket_list, name="desk_tickets"),
    path("desk/classes/<int:pk>/tickets/new/", tickets.sell, name="desk_sell_ticket"),
    path("desk/tickets/<int:pk>/", tickets.desk_ticket, name="desk_ticket"),
    path("desk/classes/<int:pk>/waiting/", waitlist.desk_list, name="desk_waiting"),
    path("desk/classes/<int:pk>/roles/", waitlist.roles, name="desk_roles"),
    path("desk/waiting/<int:pk>/offer/", waitlist.arrange, {"action": "offer"}, name="desk_offer_place"),
    path("desk/waiting/<int:pk>/move/", waitlist.arrange, {"action": "move"}, name="desk_move_waiting"),
    path("desk/waiting/<int:pk>/remove/", waitlist.arrange, {"action": "remove"}, name="desk_remove_waiting"),
    path("register/", registration.register, name="register"),
    path("register/address/<int:number>/", registration.attendee_address, name="attendee_address"),
    path("user/classes/", registration.my_classes, name="my_classes"),
    path("user/classes/<int:pk>/give-up/", student_cancellation.cancel_my_registration, name="give_up_place"),
    path("user/classes/<int:pk>/move/", transfers.choose, name="move_place"),
    path("user/classes/<int:pk>/move/<int:offer>/", transfers.move, name="move_place_to"),
    path("user/classes/<int:pk>/give/", transfers.give, name="give_place"),
    path("user/classes/<int:pk>/calendar/", registration.renew_student_calendar, name="renew_student_calendar"),
    path("calendar/student/<str:token>.ics", calendar_feeds.student, name="student_calendar"),
    path("library/", library.index, name="library"),
    path("resource/<int:pk>", resources.detail, name="resource_detail"),
    path("resource/<int:pk>/file", resources.file, name="resource_bytes"),
    path("resource/<int:pk>/subtitles", resources.subtitles, name="resource_subtitles"),
    path("location/", class_pages.location_list, name="location_list"),
    path("location/<int:pk>", class_pages.location_detail, name="location_detail"),
]
