"""A student's own classes as a calendar to subscribe to, at an address that only their people know."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from classwork.domain import calendar_feeds
from classwork.models import Diary, Registration, Ticket
from common import links
from users.models import Student

PURPOSE = "classwork.diary"
FOR_GOOD = timedelta(days=36_500)


def renew(student: Student) -> None:
    """The first address, or another one: all given out so far end."""
    Diary.objects.update_or_create(student=student, defaults={"nonce": links.new_nonce()})


def address(student: Student) -> str:
    """'' until somebody has asked for one."""
    if not hasattr(student, "diary"):
        return ""
    token = links.make(PURPOSE, student.pk, student.diary.nonce)
    return f"{settings.SITE_URL}{reverse('student_calendar', args=[token])}"


def holder(token: str) -> Student | None:
    try:
        read = links.read(PURPOSE, token, FOR_GOOD)
    except links.Bad:
        return None
    diary = Diary.objects.select_related("student__user", "student__guardian").filter(pk=read.pk).first()
    if diary is None or not links.fits(read.nonce, diary.nonce):
        return None
    speaker = diary.student.user or diary.student.guardian
    return diary.student if speaker and speaker.is_active else None


def calendar(student: Student, now: datetime | None = None) -> bytes:
    since = (now or timezone.now()) - calendar_feeds.BACK
    theirs = Registration.objects.filter(student=student, state=Registration.State.CONFIRMED)
    tickets = Ticket.objects.confirmed().filter(student=student)
    mine = Q(offer__in=theirs.values("offer")) | Q(pk__in=tickets.values("meeting"))
    found = calendar_feeds.meetings().filter(mine, ends_at__gt=since)
    return calendar_feeds.calendar(f"{settings.BUSINESS_NAME}: {student}", found)
