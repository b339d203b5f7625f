from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

import vobject
from django.conf import settings
from django.test import override_settings, tag
from django.urls import reverse
from vobject.icalendar import registerTzid

from classwork.domain.schedule import calendar_feeds, class_offers, meetings
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.domain.schedule.meetings import MeetingDraft
from common import dates
from tests import factories
from tests.base import SchoolTestCase


def unfolded(data):
    """Unfold the lines of a calendar as RFC 5545 says, without the library that wrote it."""
    text = data.decode()
    assert "\n" not in text.replace("\r\n", ""), "lines end with CR and LF"
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n")), "long lines are folded"
    return text.replace("\r\n ", "").split("\r\n")


class Entry(NamedTuple):
    uid: str
    sequence: str
    start: datetime
    end: datetime
    status: str
    summary: str
    location: str
    description: str


def events(data):
    """Parse the events with vobject, after clearing the time zone that it cached from the previous calendar."""
    registerTzid(settings.TIME_ZONE, None)
    calendar = vobject.readOne(data.decode())
    calendar.validate(raiseException=True)
    return [entry(event) for event in calendar.contents.get("vevent", [])]


def entry(event):
    names = ["uid", "sequence", "dtstart", "dtend", "status", "summary", "location", "description"]
    return Entry(*(event.getChildValue(name) for name in names))


class FeedTest(SchoolTestCase):
    def school_events(self):
        return events(self.client.get(reverse("school_calendar")).content)

    def class_events(self):
        return events(self.client.get(reverse("classoffer_calendar", args=[self.class_offer.pk])).content)

    def test_every_class_day_is_an_event_at_its_time_and_location(self):
        found = self.class_events()
        stored = list(self.class_offer.meetings.all())
        self.assertEqual([event.start for event in found], [meeting.starts_at for meeting in stored])
        self.assertEqual([event.end for event in found], [meeting.ends_at for meeting in stored])
        self.assertEqual({event.summary for event in found}, {"Beginning A"})
        self.assertTrue(found[0].location.startswith("Grange Hall, 1 Main Street"))
        self.assertEqual(found[0].description, "With Tess Tanner")
        self.assertEqual(self.school_events(), found)

    def test_time_zone_is_part_of_the_calendar(self):
        lines = unfolded(calendar_feeds.class_calendar(self.class_offer))
        self.assertIn("BEGIN:VTIMEZONE", lines)
        self.assertIn("TZID:America/Los_Angeles", lines)

    def test_class_keeps_its_local_time_when_the_clocks_change(self):
        session = factories.create_session("Spring", date(dates.local_today().year + 2, 2, 25), num_weeks=10)
        subject = factories.create_subject("L2", num_weeks=10)
        for zone in ("America/Los_Angeles", "Europe/Berlin", "Australia/Adelaide"):
            with self.subTest(zone), override_settings(TIME_ZONE=zone):
                class_offer = factories.create_class_offer(session, subject)
                found = events(calendar_feeds.class_calendar(class_offer))
                self.assertEqual([event.start.hour for event in found], [19] * 10)
                self.assertEqual(len({event.start.utcoffset() for event in found}), 2)
                self.assertEqual(
                    [event.start for event in found], [one.starts_at for one in class_offer.meetings.all()]
                )

    def test_feed_has_the_calendar_content_type(self):
        response = self.client.get(reverse("school_calendar"))
        self.assertEqual(response["Content-Type"], "text/calendar; charset=utf-8")

    def test_moved_class_keeps_its_event_ids_and_raises_their_sequence(self):
        before = self.class_events()
        class_offers.change_class(self.ada, self.class_offer, ClassDraft({"start_time": time(20)}))
        after = self.class_events()
        self.assertEqual([event.uid for event in after], [event.uid for event in before])
        self.assertEqual({event.sequence for event in before}, {"0"})
        self.assertEqual({event.sequence for event in after}, {"1"})
        self.assertEqual(after[0].start, before[0].start + timedelta(hours=1))

    def test_canceled_day_stays_in_the_calendar_as_canceled(self):
        meetings.cancel_meeting(self.ada, self.class_offer.meetings.first(), "Snow, sorry")
        event = self.class_events()[0]
        self.assertEqual((event.status, event.sequence), ("CANCELLED", "1"))
        self.assertIn("Snow, sorry", event.description)

    def test_unapproved_class_is_in_no_public_calendar(self):
        class_offers.set_class_approved(self.ada, self.class_offer, False)
        self.assertEqual(self.school_events(), [])
        self.assertEqual(self.client.get(reverse("classoffer_calendar", args=[self.class_offer.pk])).status_code, 404)

    @tag("rows")
    def test_school_calendar_runs_the_same_queries_for_many_classes(self):
        def rows(count):
            for _ in range(count):
                factories.create_class_offer(
                    self.session, factories.create_subject("L2"), self.tess.staff, location=self.hall
                )

        self.assertSameQueries(reverse("school_calendar"), rows)


class TeacherCalendarTest(SchoolTestCase):
    def setUp(self):
        calendar_feeds.renew_teacher_feed(self.tess.staff)

    def feed(self, url=""):
        response = self.client.get(url or calendar_feeds.teacher_feed_url(self.tess.staff))
        return response if response.status_code != 200 else events(response.content)

    def test_teacher_calendar_has_only_the_classes_they_teach(self):
        factories.create_class_offer(self.session, factories.create_subject("L2"), self.ash.staff)
        self.assertEqual(len(self.feed()), 5)

    def test_substituted_days_move_to_the_calendar_of_the_substitute(self):
        other = factories.create_class_offer(self.session, factories.create_subject("L2"), self.ash.staff)
        meetings.set_substitutes(self.ada, other.meetings.first(), [self.tess.staff])
        meetings.set_substitutes(self.ada, self.class_offer.meetings.last(), [self.ash.staff])
        self.assertEqual([event.summary for event in self.feed()].count("Level 2 A"), 1)
        self.assertEqual(len(self.feed()), 5)
        meetings.set_substitutes(self.ada, self.class_offer.meetings.first(), [self.tess.staff, self.ash.staff])
        self.assertEqual(len(self.feed()), 5)

    def test_renewed_link_ends_the_old_one(self):
        old = calendar_feeds.teacher_feed_url(self.tess.staff)
        calendar_feeds.renew_teacher_feed(self.tess.staff)
        self.assertEqual(self.feed(old).status_code, 404)
        self.assertEqual(len(self.feed()), 5)

    def test_teacher_has_no_address_until_they_ask_for_one(self):
        self.assertEqual(calendar_feeds.teacher_feed_url(self.ash.staff), "")
        calendar_feeds.renew_teacher_feed(self.ash.staff)
        self.assertIn("/calendar/", calendar_feeds.teacher_feed_url(self.ash.staff))

    def test_invalid_link_and_deactivated_account_are_not_found(self):
        self.assertEqual(self.feed(reverse("teacher_calendar", args=["nonsense"])).status_code, 404)
        url = calendar_feeds.teacher_feed_url(self.tess.staff)
        self.tess.is_active = False
        self.tess.save()
        self.assertEqual(self.feed(url).status_code, 404)

    def test_days_long_past_are_left_out(self):
        later = datetime.now(UTC) + timedelta(weeks=30)
        self.assertEqual(events(calendar_feeds.teacher_calendar(self.tess.staff, later)), [])
        self.assertEqual(events(calendar_feeds.school_calendar(later)), [])

    def test_extra_day_is_included(self):
        draft = MeetingDraft(factories.upcoming_thursday(1) + timedelta(1), time(18), reason="Practice")
        meetings.add_meeting(self.ada, self.class_offer, draft)
        self.assertEqual(len(self.feed()), 6)
