"""Running classes that can still be joined, free trials, past sessions and the level guide."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.test import tag
from django.urls import reverse

from classwork.domain.schedule import meetings
from classwork.models import ClassOffer, Level, Session
from common import dates
from common.formats import format_date
from tests import factories
from tests.base import SchoolTestCase


class RunningTestCase(SchoolTestCase):
    """Besides the open session, another began two weeks ago, and its registration has closed."""

    def setUp(self) -> None:
        start = dates.local_today() - timedelta(weeks=2)
        self.term = factories.create_session(
            "Autumn_term",
            start,
            num_weeks=3,
            publish_date=start - timedelta(weeks=6),
            expire_date=start + timedelta(3),
        )

    def add(self, level: str = "L2", version: str = "A", **values: Any) -> ClassOffer:
        return factories.create_class_offer(
            self.term, factories.create_subject(level, version), class_day=self.term.key_day_date.weekday(), **values
        )

    def page(self, name: str, query: str = "") -> str:
        return self.client.get(reverse(name) + query).content.decode()


@tag("once")
class ClassListTest(RunningTestCase):
    def linked(self, page: str) -> set[int]:
        return {int(number) for number in re.findall(r'(?:href="/classes/|name="classes" value=")(\d+)"', page)}

    def test_class_that_can_still_be_joined_is_listed_under_running_now(self) -> None:
        joinable, closed = self.add(last_joinable_class=4), self.add("L2", "B")
        page = self.page("classoffer_list")
        running = page.partition("Running now")[2].partition("</section>")[0]
        self.assertEqual(self.linked(running), {joinable.pk})
        self.assertNotIn(closed.pk, self.linked(page))

    def test_free_trial_of_a_running_class_is_listed_under_running_now(self) -> None:
        trial = self.add(trial_price=Decimal(0))
        running = self.page("classoffer_list").partition("Running now")[2]
        self.assertIn(trial.pk, self.linked(running))
        self.assertIn("Try one class, free", running)

    def test_class_list_and_registration_page_list_the_same_classes(self) -> None:
        self.add(last_joinable_class=4)
        self.add("L2", "B")
        self.assertEqual(self.linked(self.page("register")), self.linked(self.page("classoffer_list")))

    def test_canceled_and_finished_classes_are_not_listed_as_running(self) -> None:
        off, over = self.add(last_joinable_class=9), self.add("L2", "B", trial_price=Decimal(0))
        ClassOffer.objects.filter(pk=off.pk).update(canceled_at=dates.local_moment(dates.local_today(), off.start_time))
        for meeting in over.meetings.all():
            if meeting.local_date >= dates.local_today():
                meetings.cancel_meeting(None, meeting, "Snow")
        self.assertNotIn("Running now", self.page("classoffer_list"))

    def test_filters_apply_to_running_classes(self) -> None:
        self.add(last_joinable_class=4)
        self.assertNotIn("Running now", self.page("classoffer_list", "?level=Beg"))
        self.assertIn("Running now", self.page("classoffer_list", "?level=L2"))

    def test_page_of_a_named_session_lists_no_other_running_classes(self) -> None:
        self.add(last_joinable_class=4)
        page = self.client.get(reverse("classoffer_display_session", args=["Open_session"]))
        self.assertNotContains(page, "Running now")

    def test_location_page_lists_running_classes_there(self) -> None:
        running = self.add(last_joinable_class=4, location=self.hall)
        page = self.client.get(reverse("location_detail", args=[self.hall.pk])).content.decode()
        self.assertIn(running.pk, self.linked(page))

    def test_sitemap_includes_running_classes(self) -> None:
        running = self.add(last_joinable_class=4)
        self.assertContains(self.client.get("/sitemap.xml"), f"/classes/{running.pk}<")


@tag("once")
class PastSessionsTest(RunningTestCase):
    def test_running_session_is_not_past(self) -> None:
        self.add()
        self.assertNotIn("Autumn_term", self.page("past_sessions"))

    def test_session_with_an_upcoming_meeting_is_not_past(self) -> None:
        class_offer = self.add()
        Session.objects.filter(pk=self.term.pk).update(key_day_date=dates.local_today() - timedelta(weeks=20))
        self.assertNotIn("Autumn_term", self.page("past_sessions"))
        class_offer.meetings.filter(starts_at__date__gte=dates.local_today()).delete()
        self.assertIn("Autumn_term", self.page("past_sessions"))


@tag("once")
class LevelGuideTest(RunningTestCase):
    def test_guide_lists_only_current_classes_as_running_now(self) -> None:
        self.add("L2", last_joinable_class=4)
        guide = self.page("level_guide")
        beginning, second = (
            guide.partition(f'id="level-{code}"')[2].partition('id="level-')[0] for code in ("beg", "l2")
        )
        first = self.class_offer.meetings.first()
        assert first is not None
        self.assertIn(f"starts {format_date(first.local_date)}", beginning)
        self.assertNotIn("unning now", beginning)
        self.assertIn("Running now", second)

    def test_guide_names_only_versions_that_exist(self) -> None:
        self.assertEqual(Level.objects.get(code="Beg").rule, "A|C, B|D")
        factories.create_subject("Beg", "B")
        guide = self.page("level_guide")
        self.assertIn("Complete after versions A and B.", guide)
        self.assertNotIn("A or C", guide)

    def test_guide_says_when_a_required_version_is_still_planned(self) -> None:
        self.assertIn("Complete after version A and one more that we’re still planning.", self.page("level_guide"))
