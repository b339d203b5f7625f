from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse

from classwork.domain import feeds, meetings, offers
from classwork.domain.meetings import MeetingDraft
from classwork.domain.offers import OfferDraft
from tests import make
from tests.base import SchoolTestCase


def unfolded(data):
    """The lines of a calendar read by the rules of RFC 5545, without the library that wrote it."""
    text = data.decode()
    assert "\n" not in text.replace("\r\n", ""), "lines end with CR and LF"
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n")), "long lines are folded"
    return text.replace("\r\n ", "").split("\r\n")


def events(data):
    found, current = [], None
    for line in unfolded(data):
        if line == "BEGIN:VEVENT":
            current = {}
        elif line == "END:VEVENT":
            found.append(current)
            current = None
        elif current is not None:
            name, _, value = line.partition(":")
            name, *parameters = name.split(";")
            current[name] = value.replace("\\,", ",").replace("\\n", "\n")
            current |= {f"{name} {key}": text for key, text in (parameter.split("=") for parameter in parameters)}
    return found


def moment(event, name):
    zone = ZoneInfo(event[f"{name} TZID"])
    return datetime.strptime(event[name], "%Y%m%dT%H%M%S").replace(tzinfo=zone)


class FeedTest(SchoolTestCase):
    def whole_school(self):
        return events(self.client.get(reverse("school_calendar")).content)

    def of_class(self):
        return events(self.client.get(reverse("classoffer_calendar", args=[self.offer.pk])).content)

    def test_every_class_day_is_an_event_at_its_time_and_place(self):
        found = self.of_class()
        stored = list(self.offer.meetings.all())
        self.assertEqual([moment(event, "DTSTART") for event in found], [meeting.starts_at for meeting in stored])
        self.assertEqual([moment(event, "DTEND") for event in found], [meeting.ends_at for meeting in stored])
        self.assertEqual({event["SUMMARY"] for event in found}, {"Beginning A"})
        self.assertTrue(found[0]["LOCATION"].startswith("Grange Hall, 1 Main Street"))
        self.assertEqual(found[0]["DESCRIPTION"], "With Tess Tanner")
        self.assertEqual(self.whole_school(), found)

    def test_the_zone_comes_with_the_calendar(self):
        lines = unfolded(feeds.of_a_class(self.offer))
        self.assertIn("BEGIN:VTIMEZONE", lines)
        self.assertIn("TZID:America/Los_Angeles", lines)

    def test_it_is_sent_as_a_calendar(self):
        response = self.client.get(reverse("school_calendar"))
        self.assertEqual(response["Content-Type"], "text/calendar; charset=utf-8")

    def test_a_move_keeps_the_event_and_raises_its_number(self):
        before = self.of_class()
        offers.change_offer(self.ada, self.offer, OfferDraft({"start_time": time(20)}))
        after = self.of_class()
        self.assertEqual([event["UID"] for event in after], [event["UID"] for event in before])
        self.assertEqual({event["SEQUENCE"] for event in before}, {"0"})
        self.assertEqual({event["SEQUENCE"] for event in after}, {"1"})
        self.assertEqual(moment(after[0], "DTSTART"), moment(before[0], "DTSTART") + timedelta(hours=1))

    def test_a_cancelled_day_stays_in_the_calendar_as_cancelled(self):
        meetings.cancel(self.ada, self.offer.meetings.first(), "Snow, sorry")
        event = self.of_class()[0]
        self.assertEqual((event["STATUS"], event["SEQUENCE"]), ("CANCELLED", "1"))
        self.assertIn("Snow, sorry", event["DESCRIPTION"])

    def test_what_is_not_approved_is_in_no_public_calendar(self):
        offers.set_approved(self.ada, self.offer, False)
        self.assertEqual(self.whole_school(), [])
        self.assertEqual(self.client.get(reverse("classoffer_calendar", args=[self.offer.pk])).status_code, 404)

    def test_the_calendar_of_the_school_asks_as_often_for_many_days_as_for_few(self):
        def rows(count):
            for _ in range(count):
                make.offer(self.session, make.subject("L2"), self.tess.staff, location=self.hall)

        self.assertSameQueries(reverse("school_calendar"), rows)


class TeacherCalendarTest(SchoolTestCase):
    def feed(self, token=None):
        response = self.client.get(reverse("teacher_calendar", args=[token or feeds.token(self.tess.staff)]))
        return response if response.status_code != 200 else events(response.content)

    def test_it_has_what_the_teacher_teaches_and_nothing_of_others(self):
        make.offer(self.session, make.subject("L2"), self.ash.staff)
        self.assertEqual(len(self.feed()), 5)

    def test_days_taken_over_come_and_days_given_away_go(self):
        other = make.offer(self.session, make.subject("L2"), self.ash.staff)
        meetings.set_substitutes(self.ada, other.meetings.first(), [self.tess.staff])
        meetings.set_substitutes(self.ada, self.offer.meetings.last(), [self.ash.staff])
        self.assertEqual([event["SUMMARY"] for event in self.feed()].count("Level 2 A"), 1)
        self.assertEqual(len(self.feed()), 5)
        meetings.set_substitutes(self.ada, self.offer.meetings.first(), [self.tess.staff, self.ash.staff])
        self.assertEqual(len(self.feed()), 5)

    def test_a_new_address_ends_the_old_one(self):
        old = feeds.token(self.tess.staff)
        feeds.renew(self.tess.staff)
        self.assertEqual(self.feed(old).status_code, 404)
        self.assertEqual(len(self.feed()), 5)

    def test_a_made_up_address_and_a_closed_account_open_nothing(self):
        self.assertEqual(self.feed("nonsense").status_code, 404)
        token = feeds.token(self.tess.staff)
        self.tess.is_active = False
        self.tess.save()
        self.assertEqual(self.feed(token).status_code, 404)

    def test_long_past_days_are_left_out(self):
        later = datetime.now(UTC) + timedelta(weeks=30)
        self.assertEqual(events(feeds.of_a_teacher(self.tess.staff, later)), [])
        self.assertEqual(events(feeds.of_the_school(later)), [])

    def test_a_day_added_by_hand_is_in_it(self):
        draft = MeetingDraft(make.thursday(1) + timedelta(1), time(18), reason="Practice")
        meetings.add(self.ada, self.offer, draft)
        self.assertEqual(len(self.feed()), 6)
