from datetime import date

from django.urls import path, register_converter

from classwork.views import feeds, public


class DayConverter:
    """2026-01-08 in an address; what is no day is no address."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, text: str) -> date:
        return date.fromisoformat(text)

    def to_url(self, day: date) -> str:
        return day.isoformat()


register_converter(DayConverter, "day")

urlpatterns = [
    path("classes/", public.classoffer_list, name="classoffer_list"),
    path("classes/<int:pk>", public.classoffer_detail, name="classoffer_detail"),
    path("classes/sess/<str:names>", public.classoffer_list, name="classoffer_display_session"),
    path("classes/date/<day:day>", public.classoffer_list, name="classoffer_display_date"),
    path("classes/past/", public.past_sessions, name="past_sessions"),
    path("classes/levels/", public.level_guide, name="level_guide"),
    path("classes/calendar.ics", feeds.school, name="school_calendar"),
    path("classes/<int:pk>/calendar.ics", feeds.classoffer, name="classoffer_calendar"),
    path("calendar/<str:token>.ics", feeds.teacher, name="teacher_calendar"),
    path("location/", public.location_list, name="location_list"),
    path("location/<int:pk>", public.location_detail, name="location_detail"),
]
