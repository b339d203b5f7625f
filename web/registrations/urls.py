from datetime import date

from django.urls import path, register_converter

from registrations.views import (
    calendar_feeds,
    class_cancellation,
    class_pages,
    desk_classes,
    desk_orders,
    desk_registrations,
    library,
    minimum_enrollment,
    my_classes,
    referral_sources,
    registration,
    release_times,
    resources,
    student_cancellation,
    students,
    teacher_home,
    tickets,
    transfers,
    waitlist,
)


class DayConverter:
    """A date in an address, such as 2026-01-08."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, text: str) -> date:
        return date.fromisoformat(text)

    def to_url(self, day: date) -> str:
        return day.isoformat()


register_converter(DayConverter, "day")

urlpatterns = [
    path("classes/", class_pages.classoffer_list, name="classoffer_list"),
    path("classes/<int:pk>", class_pages.classoffer_detail, name="classoffer_detail"),
    path("classes/sess/<str:names>", class_pages.classoffer_list, name="classoffer_display_session"),
    path("classes/date/<day:day>", class_pages.classoffer_list, name="classoffer_display_date"),
    path("classes/levels/", class_pages.level_guide, name="level_guide"),
    path("teaching/", teacher_home.teaching, name="teaching"),
    path("teaching/classes/<int:pk>/", students.participants, name="participants"),
    path("teaching/students/<int:pk>/", students.taught_student, name="taught_student"),
    path("teaching/calendar/new/", teacher_home.renew_calendar, name="renew_calendar"),
    path("teaching/class/<int:pk>/resources/<int:number>/times/", release_times.resource_times, name="resource_times"),
    path("desk/sessions/<int:pk>/next/", desk_classes.plan_next, name="desk_next_session"),
    path("desk/classes/<int:pk>/", desk_classes.class_days, name="desk_class"),
    path("desk/minimum/", minimum_enrollment.index, name="desk_minimum"),
    path("desk/minimum/<int:pk>/confirm/", minimum_enrollment.decide, {"action": "confirm"}, name="desk_confirm_class"),
    path("desk/minimum/<int:pk>/later/", minimum_enrollment.decide, {"action": "later"}, name="desk_postpone_decision"),
    path("desk/cancel/", class_cancellation.steps, name="desk_cancel_classes"),
    path("desk/cancelled/<int:pk>/", class_cancellation.detail, name="desk_class_cancellation"),
    path("desk/registrations/", desk_registrations.index, name="desk_registrations"),
    path("desk/registrations/<int:pk>/", desk_registrations.detail, name="desk_registration"),
    path("desk/registrations/<int:pk>/move/", desk_registrations.transfer_to_class, name="desk_transfer"),
    path("desk/registrations/<int:pk>/give/", desk_registrations.transfer_to_person, name="desk_transfer_to_person"),
    path("desk/heard-from/", referral_sources.index, name="desk_referral_sources"),
    path("desk/students/", students.index, name="desk_students"),
    path("desk/students/<int:pk>/", students.desk_student, name="desk_student"),
    path("desk/registrations/new/", desk_orders.register, name="desk_register"),
    path("classes/<int:pk>/try/", tickets.buy_ticket, name="buy_ticket"),
    path("classes/<int:pk>/wait/", waitlist.join_waitlist, name="join_waitlist"),
    path("classes/<int:pk>/wait/leave/", waitlist.leave_waitlist_in_session, name="leave_waitlist"),
    path("tickets/<str:token>/", tickets.ticket, name="ticket"),
    path("tickets/<str:token>/stay/", tickets.upgrade, name="upgrade_ticket"),
    path("waiting/<str:token>/", waitlist.entry, name="waitlist_entry"),
    path("waiting/<str:token>/take/", waitlist.accept_offer, name="accept_spot"),
    path("waiting/<str:token>/leave/", waitlist.leave_waitlist, name="leave_waitlist_entry"),
    path("desk/waiting/", waitlist.desk_waitlists, name="desk_waitlists"),
    path("desk/classes/<int:pk>/tickets/", tickets.desk_ticket_list, name="desk_tickets"),
    path("desk/classes/<int:pk>/tickets/new/", tickets.sell_ticket, name="desk_sell_ticket"),
    path("desk/tickets/<int:pk>/", tickets.desk_ticket, name="desk_ticket"),
    path("desk/classes/<int:pk>/waiting/", waitlist.desk_waitlist, name="desk_waitlist"),
    path("desk/classes/<int:pk>/roles/", waitlist.class_roles_page, name="desk_roles"),
    path("desk/waiting/<int:pk>/offer/", waitlist.change_entry, {"action": "offer"}, name="desk_offer_spot"),
    path("desk/waiting/<int:pk>/move/", waitlist.change_entry, {"action": "move"}, name="desk_move_waitlist_entry"),
    path(
        "desk/waiting/<int:pk>/remove/", waitlist.change_entry, {"action": "remove"}, name="desk_remove_waitlist_entry"
    ),
    path("register/", registration.register, name="register"),
    path("register/address/<int:number>/", registration.attendee_address, name="attendee_address"),
    path("user/classes/", my_classes.my_classes, name="my_classes"),
    path("user/classes/<int:pk>/give-up/", student_cancellation.cancel_my_registration, name="cancel_registration"),
    path("user/classes/<int:pk>/move/", transfers.choose_class, name="choose_transfer"),
    path("user/classes/<int:pk>/move/<int:class_offer>/", transfers.transfer_to_class, name="transfer"),
    path("user/classes/<int:pk>/give/", transfers.transfer_to_person, name="transfer_to_person"),
    path("user/classes/<int:pk>/calendar/", my_classes.renew_student_calendar, name="renew_student_calendar"),
    path("calendar/student/<str:token>.ics", calendar_feeds.student, name="student_calendar"),
    path("library/", library.index, name="library"),
    path("resource/<int:pk>", resources.detail, name="resource_detail"),
    path("resource/<int:pk>/file", resources.file, name="resource_file"),
    path("resource/<int:pk>/subtitles", resources.subtitles, name="resource_subtitles"),
    path("location/<int:pk>", class_pages.location_detail, name="location_detail"),
]
