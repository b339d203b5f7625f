import json
import re
from datetime import date, time, timedelta
from decimal import Decimal
from functools import partial

from django.test import tag
from django.urls import reverse

from classwork.domain.catalog.class_list import sessions_to_show
from classwork.domain.schedule import class_offers, meetings, sessions
from classwork.models import Location, Session
from common import dates
from common.formats import format_date
from tests import make
from tests.base import SchoolTestCase


class PublicTestCase(SchoolTestCase):
    def page(self, name, *args, query="", status=200):
        response = self.client.get(reverse(name, args=args) + query)
        self.assertEqual(response.status_code, status)
        return response.content.decode()


@tag("once")
class AddressTest(SchoolTestCase):
    def test_addresses_are_those_that_people_have_in_their_bookmarks(self):
        for name, args, path in [
            ("classoffer_list", [], "/classes/"),
            ("classoffer_detail", [3], "/classes/3"),
            ("classoffer_display_session", ["Jan_2026"], "/classes/sess/Jan_2026"),
            ("classoffer_display_date", [date(2026, 1, 8)], "/classes/date/2026-01-08"),
            ("location_list", [], "/location/"),
            ("location_detail", [3], "/location/3"),
        ]:
            self.assertEqual(reverse(name, args=args), path)

    def test_a_day_that_does_not_exist_is_no_address(self):
        self.assertEqual(self.client.get("/classes/date/2026-02-30").status_code, 404)


@tag("once")
class ListTest(PublicTestCase):
    def test_a_class_is_shown_with_day_time_dates_place_teacher_and_prices(self):
        page = self.page("classoffer_list")
        last = self.offer.meetings.last().local_date
        for words in (
            "Beginning A",
            "Tuesdays",
            "7:00–8:00 PM",
            f"{format_date(make.thursday() - timedelta(2))} to {format_date(last)}, 5 classes",
            "Grange Hall",
            "with Tess Tanner",
            "$70.00",
            "$65.00 early price (until the first class starts)",
        ):
            self.assertIn(words, page)

    def test_skipped_weeks_are_named_with_their_reason(self):
        skip = make.thursday(1)
        make.offer(self.session, make.subject("L2"), class_day=3, skipped=[skip], skip_tagline="Thanksgiving")
        self.assertIn(f"No class on {format_date(skip)}: Thanksgiving", self.page("classoffer_list"))

    def test_filters_narrow_the_list_and_values_that_do_not_occur_are_left_out(self):
        make.offer(self.session, make.subject("L2"), class_day=3)
        self.assertNotIn("Level 2 A", self.page("classoffer_list", query="?level=Beg&day=1"))
        self.assertIn("No classes match", self.page("classoffer_list", query="?level=Beg&day=3"))
        self.assertIn("Level 2 A", self.page("classoffer_list", query="?level=Gone&day=x&place=9999"))

    def test_classes_are_grouped_by_weekday_or_by_level(self):
        make.offer(self.session, make.subject("L2"), class_day=0)
        heading = re.compile(r'<h3 class="overline">(.*?)</h3>')
        self.assertEqual(heading.findall(self.page("classoffer_list")), ["Monday", "Tuesday"])
        self.assertEqual(heading.findall(self.page("classoffer_list", query="?by=level")), ["Beginning", "Level 2"])

    def test_what_is_not_approved_is_shown_to_staff_only(self):
        class_offers.set_class_approved(self.ada, self.offer, False)
        self.assertNotIn("Beginning A", self.page("classoffer_list"))
        self.page("classoffer_detail", self.offer.pk, status=404)
        self.log_in(self.tess)
        self.assertIn("Not approved yet", self.page("classoffer_list"))
        self.page("classoffer_detail", self.offer.pk)

    def test_a_session_still_being_planned_is_shown_to_staff_only(self):
        planned = make.session("Next", make.thursday(5), publish_date=dates.local_today() + timedelta(1))
        offer = make.offer(planned, make.subject("L2"))
        for names in ("Next", "all"):
            self.assertNotIn("Level 2 A", self.page("classoffer_display_session", names))
        self.page("classoffer_detail", offer.pk, status=404)
        self.page("classoffer_calendar", offer.pk, status=404)
        self.log_in(self.ada)
        self.assertIn("Level 2 A", self.page("classoffer_display_session", "all"))

    def test_several_sessions_may_be_named_with_spaces_around_the_commas(self):
        make.offer(make.session("Next", make.thursday(5)), make.subject("L2"))
        page = self.page("classoffer_display_session", " next , Open_session,unknown")
        self.assertIn("Level 2 A", page)
        self.assertIn("Beginning A", page)
        self.assertIn("No classes here yet", self.page("classoffer_display_session", "unknown"))

    def test_a_session_leads_to_the_one_before_and_the_one_after(self):
        make.session("Next", make.thursday(5))
        self.assertIn("/classes/sess/Next", self.page("classoffer_display_session", "Open_session"))
        self.assertIn("/classes/sess/Open_session", self.page("classoffer_display_session", "Next"))

    def test_by_day_the_sessions_of_that_day_are_shown(self):
        old = make.session("Old", make.thursday(-20), publish_date=make.thursday(-24))
        make.offer(old, make.subject("L2"))
        page = self.page("classoffer_display_date", make.thursday(-20))
        self.assertIn("Level 2 A", page)
        self.assertNotIn("Beginning A", page)

    def test_names_and_a_day_exclude_each_other(self):
        with self.assertRaises(ValueError):
            sessions_to_show(names="all", on=make.thursday(), today=dates.local_today())

    def test_without_sessions_the_page_says_what_to_do(self):
        self.offer.delete()
        Session.objects.all().delete()
        self.assertIn("No classes here yet", self.page("classoffer_list"))
        self.page("classoffer_display_session", "all")

    def test_a_visitor_costs_six_queries_at_most_however_many_classes_there_are(self):
        subject = make.subject("L2")

        def rows(count, **more):
            for number in range(count):
                make.offer(self.session, subject, class_day=number % 7, **more)

        self.assertSameQueries(reverse("classoffer_list"), partial(rows, location=self.hall), exactly=6)
        rows(270)
        with self.assertNumQueries(6):
            self.client.get(reverse("classoffer_list"))


@tag("once")
class DetailTest(PublicTestCase):
    def event(self):
        found = re.search(
            r'<script type="application/ld\+json">(.*?)</script>', self.page("classoffer_detail", self.offer.pk)
        )
        return json.loads(found[1])

    def test_search_engines_read_the_class_and_each_of_its_dates(self):
        event = self.event()
        first = self.offer.meetings.first()
        self.assertEqual(event["startDate"], first.starts_at.isoformat())
        self.assertEqual(event["offers"]["price"], "70.00")
        self.assertEqual(event["location"]["name"], "Grange Hall")
        self.assertEqual(len(event["subEvent"]), 5)

    def test_a_cancelled_date_is_struck_and_search_engines_are_told(self):
        meetings.cancel_meeting(self.ada, self.offer.meetings.first(), "Snow")
        self.assertIn(">Canceled<", self.page("classoffer_detail", self.offer.pk))
        self.assertIn("Snow", self.page("classoffer_detail", self.offer.pk))
        states = [part["eventStatus"].rpartition("/")[2] for part in self.event()["subEvent"]]
        self.assertEqual(states, ["EventCancelled"] + ["EventScheduled"] * 4)

    def test_no_text_ends_the_data_block_early(self):
        subject = self.offer.subject
        subject.name = "</script><script>alert(1)</script>"
        subject.save()
        self.assertEqual(self.event()["name"], subject.name)

    def test_moved_extra_and_substituted_dates_are_told(self):
        first, second = self.offer.meetings.all()[:2]
        draft = meetings.MeetingDraft(first.local_date + timedelta(1), time(18), location=make.location("Town Hall"))
        meetings.move_meeting(self.ada, first, draft)
        meetings.set_substitutes(self.ada, second, [self.ash.staff])
        meetings.add_meeting(self.ada, self.offer, meetings.MeetingDraft(first.local_date + timedelta(3), time(18)))
        page = self.page("classoffer_detail", self.offer.pk)
        for words in ("Moved from", "Town Hall", "With Ash Abara", "Extra class"):
            self.assertIn(words, page)

    def test_its_own_price_and_a_subject_without_discount_are_shown_as_they_are(self):
        offer = make.offer(self.session, make.subject("L2", pre_pay_discount=Decimal(0)), price=Decimal(40))
        page = self.page("classoffer_detail", offer.pk)
        self.assertIn("$40.00", page)
        self.assertNotIn("when paid before", page)


@tag("once")
class PlaceTest(PublicTestCase):
    def test_a_place_shows_its_classes_and_how_to_get_there(self):
        Location.objects.update(directions="The **red** door", map_link="https://maps.example.org/1")
        page = self.page("location_detail", self.hall.pk)
        for words in ("1 Main Street", "<strong>red</strong>", "https://maps.example.org/1", "Beginning A"):
            self.assertIn(words, page)

    def test_a_place_that_is_not_published_is_shown_to_staff_only(self):
        Location.objects.update(is_public=False)
        self.assertNotIn("Grange Hall", self.page("location_list"))
        self.page("location_detail", self.hall.pk, status=404)
        self.log_in(self.tess)
        self.assertIn("Not published", self.page("location_detail", self.hall.pk))

    def test_a_place_without_classes_says_so(self):
        self.assertIn("No classes here right now", self.page("location_detail", make.location("Empty Hall").pk))


@tag("once")
class GuideTest(PublicTestCase):
    def test_the_guide_says_what_completes_a_level_and_what_is_on(self):
        page = self.page("level_guide")
        self.assertIn("Complete after version A and one more that we’re still planning.", page)
        self.assertIn("Beginning A, Tuesdays 7:00–8:00 PM", page)

    def test_past_sessions_are_those_no_longer_current(self):
        make.session("Old", make.thursday(-20), publish_date=make.thursday(-24))
        page = self.page("past_sessions")
        self.assertIn("/classes/sess/Old", page)
        self.assertNotIn("Open session", page)


@tag("once")
class SitemapTest(PublicTestCase):
    def test_what_the_public_sees_is_in_the_sitemap_and_nothing_else(self):
        hidden = make.offer(self.session, make.subject("L2"), manager_approved=False)
        page = self.client.get("/sitemap.xml").content.decode()
        self.assertIn(f"<loc>http://testserver/classes/{self.offer.pk}</loc>", page)
        self.assertIn(f"<loc>http://testserver/location/{self.hall.pk}</loc>", page)
        self.assertIn("<loc>http://testserver/classes/</loc>", page)
        self.assertNotIn(f"/classes/{hidden.pk}<", page)
        self.assertIn("Sitemap: http://testserver/sitemap.xml", self.client.get("/robots.txt").content.decode())


@tag("once")
class SessionWordsTest(PublicTestCase):
    def test_a_session_shows_when_its_classes_really_meet(self):
        make.offer(self.session, make.subject("L2"), class_day=0)
        sessions.change_session(self.ada, self.session, {})
        first = make.thursday() - timedelta(2)
        last = make.thursday() + timedelta(4, weeks=4)
        self.assertIn(f"{format_date(first)} to {format_date(last)}", self.page("classoffer_list"))
