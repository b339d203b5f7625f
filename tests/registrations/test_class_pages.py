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
from tests import factories
from tests.base import SchoolTestCase


class PublicTestCase(SchoolTestCase):
    def page(self, name, *args, query="", status=200):
        response = self.client.get(reverse(name, args=args) + query)
        self.assertEqual(response.status_code, status)
        return response.content.decode()


@tag("once")
class AddressTest(SchoolTestCase):
    def test_public_addresses_do_not_change(self):
        for name, args, path in [
            ("classoffer_list", [], "/classes/"),
            ("classoffer_detail", [3], "/classes/3"),
            ("classoffer_display_session", ["Jan_2026"], "/classes/sess/Jan_2026"),
            ("classoffer_display_date", [date(2026, 1, 8)], "/classes/date/2026-01-08"),
            ("location_list", [], "/location/"),
            ("location_detail", [3], "/location/3"),
        ]:
            self.assertEqual(reverse(name, args=args), path)

    def test_invalid_date_in_an_address_is_not_found(self):
        self.assertEqual(self.client.get("/classes/date/2026-02-30").status_code, 404)


@tag("once")
class ClassListTest(PublicTestCase):
    def test_class_is_listed_with_day_time_dates_location_teacher_and_prices(self):
        page = self.page("classoffer_list")
        last = self.class_offer.meetings.last().local_date
        for words in (
            "Beginning A",
            "Tuesdays",
            "7:00–8:00 PM",
            f"{format_date(factories.upcoming_thursday() - timedelta(2))} to {format_date(last)}, 5 classes",
            "Grange Hall",
            "with Tess Tanner",
            "$70.00",
            "$65.00 early price (until the first class starts)",
        ):
            self.assertIn(words, page)

    def test_skipped_weeks_are_listed_with_their_reason(self):
        skip = factories.upcoming_thursday(1)
        factories.create_class_offer(
            self.session, factories.create_subject("L2"), class_day=3, skipped=[skip], skip_tagline="Thanksgiving"
        )
        self.assertIn(f"No class on {format_date(skip)}: Thanksgiving", self.page("classoffer_list"))

    def test_filters_narrow_the_list_and_unknown_values_are_ignored(self):
        factories.create_class_offer(self.session, factories.create_subject("L2"), class_day=3)
        self.assertNotIn("Level 2 A", self.page("classoffer_list", query="?level=Beg&day=1"))
        self.assertIn("No classes match", self.page("classoffer_list", query="?level=Beg&day=3"))
        self.assertIn("Level 2 A", self.page("classoffer_list", query="?level=Gone&day=x&place=9999"))

    def test_classes_are_grouped_by_weekday_or_by_level(self):
        factories.create_class_offer(self.session, factories.create_subject("L2"), class_day=0)
        heading = re.compile(r'<h3 class="overline">(.*?)</h3>')
        self.assertEqual(heading.findall(self.page("classoffer_list")), ["Monday", "Tuesday"])
        self.assertEqual(heading.findall(self.page("classoffer_list", query="?by=level")), ["Beginning", "Level 2"])

    def test_unapproved_class_is_shown_to_staff_only(self):
        class_offers.set_class_approved(self.ada, self.class_offer, False)
        self.assertNotIn("Beginning A", self.page("classoffer_list"))
        self.page("classoffer_detail", self.class_offer.pk, status=404)
        self.log_in(self.tess)
        self.assertIn("Not approved yet", self.page("classoffer_list"))
        self.page("classoffer_detail", self.class_offer.pk)

    def test_planned_session_is_shown_to_staff_only(self):
        planned = factories.create_session(
            "Next", factories.upcoming_thursday(5), publish_date=dates.local_today() + timedelta(1)
        )
        class_offer = factories.create_class_offer(planned, factories.create_subject("L2"))
        for names in ("Next", "all"):
            self.assertNotIn("Level 2 A", self.page("classoffer_display_session", names))
        self.page("classoffer_detail", class_offer.pk, status=404)
        self.page("classoffer_calendar", class_offer.pk, status=404)
        self.log_in(self.ada)
        self.assertIn("Level 2 A", self.page("classoffer_display_session", "all"))

    def test_several_sessions_can_be_named_with_spaces_around_the_commas(self):
        factories.create_class_offer(
            factories.create_session("Next", factories.upcoming_thursday(5)), factories.create_subject("L2")
        )
        page = self.page("classoffer_display_session", " next , Open_session,unknown")
        self.assertIn("Level 2 A", page)
        self.assertIn("Beginning A", page)
        self.assertIn("No classes here yet", self.page("classoffer_display_session", "unknown"))

    def test_session_links_to_the_previous_and_the_next_one(self):
        factories.create_session("Next", factories.upcoming_thursday(5))
        self.assertIn("/classes/sess/Next", self.page("classoffer_display_session", "Open_session"))
        self.assertIn("/classes/sess/Open_session", self.page("classoffer_display_session", "Next"))

    def test_date_page_shows_the_sessions_of_that_day(self):
        old = factories.create_session(
            "Old", factories.upcoming_thursday(-20), publish_date=factories.upcoming_thursday(-24)
        )
        factories.create_class_offer(old, factories.create_subject("L2"))
        page = self.page("classoffer_display_date", factories.upcoming_thursday(-20))
        self.assertIn("Level 2 A", page)
        self.assertNotIn("Beginning A", page)

    def test_session_names_and_a_date_cannot_be_combined(self):
        with self.assertRaises(ValueError):
            sessions_to_show(names="all", on=factories.upcoming_thursday(), today=dates.local_today())

    def test_list_without_sessions_says_that_there_are_no_classes(self):
        self.class_offer.delete()
        Session.objects.all().delete()
        self.assertIn("No classes here yet", self.page("classoffer_list"))
        self.page("classoffer_display_session", "all")

    def test_list_takes_six_queries_for_a_visitor_however_many_classes_there_are(self):
        subject = factories.create_subject("L2")

        def rows(count, **more):
            for number in range(count):
                factories.create_class_offer(self.session, subject, class_day=number % 7, **more)

        self.assertSameQueries(reverse("classoffer_list"), partial(rows, location=self.hall), exactly=6)
        rows(270)
        with self.assertNumQueries(6):
            self.client.get(reverse("classoffer_list"))


@tag("once")
class ClassPageTest(PublicTestCase):
    def event(self):
        found = re.search(
            r'<script type="application/ld\+json">(.*?)</script>', self.page("classoffer_detail", self.class_offer.pk)
        )
        return json.loads(found[1])

    def test_structured_data_has_the_class_and_each_of_its_dates(self):
        event = self.event()
        first = self.class_offer.meetings.first()
        self.assertEqual(event["startDate"], first.starts_at.isoformat())
        self.assertEqual(event["offers"]["price"], "70.00")
        self.assertEqual(event["location"]["name"], "Grange Hall")
        self.assertEqual(len(event["subEvent"]), 5)

    def test_canceled_date_is_marked_on_the_page_and_in_structured_data(self):
        meetings.cancel_meeting(self.ada, self.class_offer.meetings.first(), "Snow")
        self.assertIn(">Canceled<", self.page("classoffer_detail", self.class_offer.pk))
        self.assertIn("Snow", self.page("classoffer_detail", self.class_offer.pk))
        states = [part["eventStatus"].rpartition("/")[2] for part in self.event()["subEvent"]]
        self.assertEqual(states, ["EventCancelled"] + ["EventScheduled"] * 4)

    def test_class_name_cannot_end_the_structured_data_script(self):
        subject = self.class_offer.subject
        subject.name = "</script><script>alert(1)</script>"
        subject.save()
        self.assertEqual(self.event()["name"], subject.name)

    def test_moved_extra_and_substituted_dates_are_shown(self):
        first, second = self.class_offer.meetings.all()[:2]
        draft = meetings.MeetingDraft(
            first.local_date + timedelta(1), time(18), location=factories.create_location("Town Hall")
        )
        meetings.move_meeting(self.ada, first, draft)
        meetings.set_substitutes(self.ada, second, [self.ash.staff])
        meetings.add_meeting(
            self.ada, self.class_offer, meetings.MeetingDraft(first.local_date + timedelta(3), time(18))
        )
        page = self.page("classoffer_detail", self.class_offer.pk)
        for words in ("Moved from", "Town Hall", "With Ash Abara", "Extra class"):
            self.assertIn(words, page)

    def test_own_price_of_the_class_is_shown_and_no_discount_when_there_is_none(self):
        class_offer = factories.create_class_offer(
            self.session, factories.create_subject("L2", pre_pay_discount=Decimal(0)), price=Decimal(40)
        )
        page = self.page("classoffer_detail", class_offer.pk)
        self.assertIn("$40.00", page)
        self.assertNotIn("when paid before", page)


@tag("once")
class LocationPageTest(PublicTestCase):
    def test_location_shows_its_classes_and_directions(self):
        Location.objects.update(directions="The **red** door", map_link="https://maps.example.org/1")
        page = self.page("location_detail", self.hall.pk)
        for words in ("1 Main Street", "<strong>red</strong>", "https://maps.example.org/1", "Beginning A"):
            self.assertIn(words, page)

    def test_unpublished_location_is_shown_to_staff_only(self):
        Location.objects.update(is_public=False)
        self.assertNotIn("Grange Hall", self.page("location_list"))
        self.page("location_detail", self.hall.pk, status=404)
        self.log_in(self.tess)
        self.assertIn("Not published", self.page("location_detail", self.hall.pk))

    def test_location_without_classes_says_so(self):
        self.assertIn(
            "No classes here right now", self.page("location_detail", factories.create_location("Empty Hall").pk)
        )


@tag("once")
class GuideTest(PublicTestCase):
    def test_guide_shows_what_completes_a_level_and_the_current_classes(self):
        page = self.page("level_guide")
        self.assertIn("Complete after version A and one more that we’re still planning.", page)
        self.assertIn("Beginning A, Tuesdays 7:00–8:00 PM", page)

    def test_past_sessions_lists_only_sessions_no_longer_current(self):
        factories.create_session("Old", factories.upcoming_thursday(-20), publish_date=factories.upcoming_thursday(-24))
        page = self.page("past_sessions")
        self.assertIn("/classes/sess/Old", page)
        self.assertNotIn("Open session", page)


@tag("once")
class SitemapTest(PublicTestCase):
    def test_sitemap_lists_public_pages_only(self):
        hidden = factories.create_class_offer(self.session, factories.create_subject("L2"), manager_approved=False)
        page = self.client.get("/sitemap.xml").content.decode()
        self.assertIn(f"<loc>http://testserver/classes/{self.class_offer.pk}</loc>", page)
        self.assertIn(f"<loc>http://testserver/location/{self.hall.pk}</loc>", page)
        self.assertIn("<loc>http://testserver/classes/</loc>", page)
        self.assertNotIn(f"/classes/{hidden.pk}<", page)
        self.assertIn("Sitemap: http://testserver/sitemap.xml", self.client.get("/robots.txt").content.decode())


@tag("once")
class SessionDatesTest(PublicTestCase):
    def test_session_shows_the_dates_of_its_first_and_last_class(self):
        factories.create_class_offer(self.session, factories.create_subject("L2"), class_day=0)
        sessions.change_session(self.ada, self.session, {})
        first = factories.upcoming_thursday() - timedelta(2)
        last = factories.upcoming_thursday() + timedelta(4, weeks=4)
        self.assertIn(f"{format_date(first)} to {format_date(last)}", self.page("classoffer_list"))
