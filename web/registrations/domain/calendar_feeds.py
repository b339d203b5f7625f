"""A student's own classes as a calendar feed at a secret address."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from classwork.domain.schedule import calendar_feeds
from common import links
from common.links import absolute_url
from registrations.models import Registration, StudentCalendarFeed
from users.models import Student

PURPOSE = "registrations.calendar"
FOR_GOOD = timedelta(days=36_500)


def renew_student_feed(student: Student) -> None:
    """Creates a new address. All earlier addresses stop working."""
    StudentCalendarFeed.objects.update_or_create(student=student, defaults={"nonce": links.new_nonce()})


def student_feed_url(student: Student) -> str:
    if not hasattr(student, "calendar_feed"):
        return ""
    token = links.sign_token(PURPOSE, student.pk, student.calendar_feed.nonce)
    return absolute_url(reverse("student_calendar", args=[token]))


def student_of_feed(token: str) -> Student | None:
    try:
        link = links.read_token(PURPOSE, token, FOR_GOOD)
    except links.LinkInvalid:
        return None
    feed = StudentCalendarFeed.objects.select_related("student__user", "student__guardian").filter(pk=link.pk).first()
    if feed is None or not links.nonce_matches(link.nonce, feed.nonce):
        return None
    reader = feed.student.user or feed.student.guardian
    return feed.student if reader and reader.is_active else None


def student_calendar(student: Student, now: datetime | None = None) -> bytes:
    since = (now or timezone.now()) - calendar_feeds.BACK
    confirmed = Registration.objects.confirmed().filter(student=student)
    attended = Q(class_offer__in=confirmed.whole_class().values("class_offer"))
    attended |= Q(pk__in=confirmed.single_meeting().values("meeting"))
    meetings = calendar_feeds.meetings_for_calendars().filter(attended, ends_at__gt=since)
    return calendar_feeds.build_calendar(f"{settings.BUSINESS_NAME}: {student}", meetings)
