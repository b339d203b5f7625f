"""Calendars to subscribe to. The UID of a meeting never changes and its SEQUENCE grows with each change, so that
subscribed calendars follow moves and cancellations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar, Event

from classwork.models import ClassOffer, Meeting, TeacherCalendarFeed
from common import dates, links
from common.links import absolute_url
from users.models import Staff

PURPOSE = "classwork.calendar"
FOR_GOOD = timedelta(days=36_500)
BACK = timedelta(weeks=8)


def build_calendar(title: str, shown: Iterable[Meeting]) -> bytes:
    document = Calendar()
    document.add("prodid", f"-//{settings.BUSINESS_NAME}//hepcat//EN")
    document.add("version", "2.0")
    document.add("x-wr-calname", title)
    document.add("x-wr-timezone", settings.TIME_ZONE)
    document.add("refresh-interval;value=duration", "PT1H")
    shown = list(shown)
    for meeting in shown:
        document.add_component(_calendar_event(meeting))
    if shown:
        # The time zone covers only these meetings, because some programs read just the first few transitions.
        first, last = min(meeting.starts_at for meeting in shown), max(meeting.ends_at for meeting in shown)
        day = timedelta(days=1)
        document.add_missing_timezones(dates.to_local_time(first).date() - day, dates.to_local_time(last).date() + day)
    return bytes(document.to_ical())


def _calendar_event(meeting: Meeting) -> Event:
    class_offer, entry = meeting.class_offer, Event()
    entry.add("uid", f"{meeting.uid}@hepcat")
    entry.add("sequence", meeting.revision)
    entry.add("dtstamp", meeting.changed_at)
    entry.add("last-modified", meeting.changed_at)
    entry.add("dtstart", dates.to_local_time(meeting.starts_at))
    entry.add("dtend", dates.to_local_time(meeting.ends_at))
    entry.add("summary", class_offer.subject.title)
    entry.add("status", "CANCELLED" if meeting.is_canceled else "CONFIRMED")
    entry.add("url", absolute_url(class_offer.get_absolute_url()))
    if place := meeting.location or class_offer.location:
        entry.add("location", ", ".join(part for part in (place.name, place.full_address) if part))
    people = list(meeting.substitutes.all()) or [assignment.staff for assignment in class_offer.assignments.all()]
    lines = [f"With {' and '.join(map(str, people))}" if people else "", meeting.reason]
    if description := "\n".join(filter(None, lines)):
        entry.add("description", description)
    return entry


def meetings_for_calendars() -> QuerySet[Meeting]:
    related = Meeting.objects.select_related(
        "class_offer__subject__level", "class_offer__session", "class_offer__location", "location"
    )
    return related.prefetch_related("substitutes__user", "class_offer__assignments__staff__user")


def school_calendar(now: datetime | None = None) -> bytes:
    """Published classes from eight weeks ago on. Older classes are in their own calendars."""
    now = now or timezone.now()
    class_offers = ClassOffer.objects.published(dates.to_local_time(now).date())
    return build_calendar(
        settings.BUSINESS_NAME, meetings_for_calendars().filter(class_offer__in=class_offers, ends_at__gt=now - BACK)
    )


def class_calendar(class_offer: ClassOffer) -> bytes:
    return build_calendar(
        f"{class_offer.subject.title}, {class_offer.day}", meetings_for_calendars().filter(class_offer=class_offer)
    )


def teacher_calendar(staff: Staff, now: datetime | None = None) -> bytes:
    """The meetings of the teacher's classes without those that a substitute teaches, and the meetings at which they
    substitute."""
    since = (now or timezone.now()) - BACK
    usual = Q(class_offer__assignments__staff=staff) & Q(substitutes=None)
    own = Meeting.objects.filter(usual | Q(substitutes=staff), ends_at__gt=since)
    return build_calendar(
        f"{settings.BUSINESS_NAME}: {staff}", meetings_for_calendars().filter(pk__in=own.values("pk"))
    )


# -- the secret address of a teacher's calendar ----------------------------------------------------------------------


def teacher_feed_url(staff: Staff) -> str:
    """Empty until the teacher asks for an address."""
    feed = TeacherCalendarFeed.objects.filter(staff=staff).first()
    if feed is None:
        return ""
    return absolute_url(reverse("teacher_calendar", args=[links.sign_token(PURPOSE, staff.pk, feed.nonce)]))


def renew_teacher_feed(staff: Staff) -> None:
    """Creates a new address. All earlier addresses stop working."""
    TeacherCalendarFeed.objects.update_or_create(staff=staff, defaults={"nonce": links.new_nonce()})


def teacher_of_feed(token: str) -> Staff | None:
    try:
        read = links.read_token(PURPOSE, token, FOR_GOOD)
    except links.LinkInvalid:
        return None
    feed = (
        TeacherCalendarFeed.objects.select_related("staff__user")
        .filter(pk=read.pk, staff__user__is_active=True)
        .first()
    )
    return feed.staff if feed and links.nonce_matches(read.nonce, feed.nonce) else None
