"""Releases follow the schedule and the changes that teachers make by hand."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.test import SimpleTestCase, tag
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from classwork.domain.resources import content, releases
from classwork.domain.schedule import class_offers, meetings
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.domain.schedule.meetings import MeetingDraft
from classwork.models import Attachment, Release, Resource
from classwork.rules import release_windows
from classwork.rules.release_windows import ReleaseRule
from classwork.rules.timetable import ScheduledMeeting, Slot
from history.models import Entry
from registrations.domain.library import access
from registrations.models import Opening
from tests import factories
from tests.base import SchoolTestCase
from tests.classwork import resource_factories

ZONE = timezone.get_default_timezone()
HOURS = st.lists(st.integers(0, 24 * 60), min_size=1, max_size=8, unique=True)
RULES = st.one_of(
    st.just(ReleaseRule("completion")),
    st.integers(1, 9).map(lambda n: ReleaseRule("class", n)),
    st.just(ReleaseRule("sign_up")),
)


def scheduled_meeting(hour: int, minutes: int = 60, *, off: Collection[int] = ()) -> ScheduledMeeting:
    start = datetime(2026, 1, 6, tzinfo=ZONE) + timedelta(hours=hour)
    return ScheduledMeeting(hour, None, Slot(start, start + timedelta(minutes=minutes)), canceled=hour in off)


@tag("once")
class ReleaseRulesTest(SimpleTestCase):
    @given(HOURS, st.lists(st.integers(15, 300), min_size=8, max_size=8), st.data(), RULES)
    def test_cancellation_never_moves_a_release_earlier(self, hours, minutes, data, rule) -> None:
        """This holds for any earlier cancellations and for overlapping meetings."""
        canceled = data.draw(st.sets(st.sampled_from(hours)))
        more = canceled | {data.draw(st.sampled_from(hours))}
        lengths = dict(zip(hours, minutes, strict=False))
        before, after = (
            release_windows.class_run([scheduled_meeting(*one, off=off) for one in lengths.items()], [])
            for off in (canceled, more)
        )
        assert before and after
        opened, then = (
            release_windows.release_window(rule, before).opens_at,
            release_windows.release_window(rule, after).opens_at,
        )
        self.assertEqual(opened is None, then is None)
        if opened and then:
            self.assertGreaterEqual(then, opened)

    def test_class_that_ends_after_midnight_opens_on_the_day_it_ends(self) -> None:
        run = release_windows.class_run([scheduled_meeting(23, 120)], [])
        assert run
        found = release_windows.release_window(ReleaseRule("class", 1, 1), run)
        self.assertEqual(found.last_day, date(2026, 1, 14))

    def test_each_canceled_day_extends_the_last_day_by_a_week(self) -> None:
        first = date(2026, 1, 6)
        off = {first + timedelta(weeks=n) for n in (1, 2)}
        self.assertEqual(release_windows.last_day(first, 1, off), first + timedelta(weeks=3))
        self.assertEqual(release_windows.last_day(first, 1, [first]), first + timedelta(weeks=1))
        self.assertEqual(release_windows.last_day(first, 1, [first + timedelta(weeks=5)]), first + timedelta(weeks=1))

    def test_class_without_dates_has_no_releases(self) -> None:
        self.assertIsNone(release_windows.class_run([], []))


class ReleaseUpdateTest(SchoolTestCase):
    """The class of the fixture meets on five Tuesdays."""

    def setUp(self) -> None:
        super().setUp()
        self.third = resource_factories.resource("Third", self.class_offer, when="class", class_number=3)
        self.days = list(self.class_offer.meetings.all())

    def opening_time(self, resource: Resource | None = None) -> datetime | None:
        return Release.objects.get(class_offer=self.class_offer, resource=resource or self.third).opens_at

    def test_resource_opens_at_the_end_of_its_class(self) -> None:
        self.assertEqual(self.opening_time(), self.days[2].ends_at)

    def test_release_follows_canceled_moved_and_added_days(self) -> None:
        meetings.cancel_meeting(None, self.days[0], "Snow")
        self.assertEqual(self.opening_time(), self.days[3].ends_at)
        meetings.restore_meeting(None, self.days[0])
        self.assertEqual(self.opening_time(), self.days[2].ends_at)
        draft = MeetingDraft(self.days[2].local_date + timedelta(1), self.class_offer.start_time)
        meetings.move_meeting(None, self.days[2], draft)
        self.assertEqual(self.opening_time(), self.days[2].ends_at + timedelta(1))
        added = meetings.add_meeting(
            None, self.class_offer, MeetingDraft(self.days[0].local_date + timedelta(1), self.class_offer.start_time)
        )
        self.assertGreater(self.days[2].ends_at, added.ends_at)
        self.assertEqual(self.opening_time(), self.days[1].ends_at)

    def test_preview_lists_resources_that_open_later(self) -> None:
        preview = meetings.plan_cancel(self.days[0])
        changes = [row for row in preview.rows if "Third" in row.what]
        self.assertEqual(len(changes), 1)
        self.assertTrue(changes[0].after.endswith("a week later"), changes)
        skip = class_offers.plan_class(self.class_offer, ClassDraft({}, [self.days[1].local_date]))
        self.assertIn("a week later", next(row.after for row in skip.rows if "Third" in row.what))
        class_offers.change_class(
            None, self.class_offer, ClassDraft({}, [self.days[1].local_date]), seen=skip.fingerprint
        )
        self.assertEqual(self.opening_time(), self.days[3].ends_at)

    def test_resource_released_early_stays_open_and_keeps_its_last_day(self) -> None:
        short = resource_factories.resource("Short", self.class_offer, when="class", class_number=2, expires_after=1)
        planned = Release.objects.get(resource=short)
        releases.release_now(self.tess, planned)
        rows = meetings.plan_cancel(self.days[0]).rows
        self.assertEqual([row.what for row in rows if "Short" in row.what], ["“Short” stays until"])
        early = Release.objects.get(resource=short)
        self.assertEqual((early.opens_at, early.last_day), (planned.opens_at, planned.last_day))
        self.assertLess(early.begins_at, planned.opens_at)

    def test_new_class_and_changed_subject_update_the_resources(self) -> None:
        subject = factories.create_subject("L2", "B")
        resource = resource_factories.resource("For all", subject, when="completion")
        class_offer = factories.create_class_offer(self.session, subject, class_day=4)
        self.assertEqual(list(class_offer.releases.values_list("resource", flat=True)), [resource.pk])
        class_offers.change_class(None, class_offer, ClassDraft({"subject": self.class_offer.subject}))
        self.assertEqual(class_offer.releases.count(), 0)

    def test_class_can_override_or_hide_a_resource_of_its_subject(self) -> None:
        resource = resource_factories.resource("For all", self.class_offer.subject, when="class", class_number=1)
        self.assertEqual(self.opening_time(resource), self.days[0].ends_at)
        resource_factories.attach_resource(resource, self.class_offer, when="class", class_number=2)
        releases.rebuild_after_attachment(self.class_offer)
        self.assertEqual(self.opening_time(resource), self.days[1].ends_at)
        content.set_resource_hidden(self.tess.staff, self.class_offer, resource, True)
        self.assertFalse(Release.objects.filter(resource=resource).exists())
        content.set_resource_hidden(self.tess.staff, self.class_offer, resource, False)
        content.detach_resource(self.tess.staff, self.class_offer, resource)
        self.assertEqual(self.opening_time(resource), self.days[0].ends_at)

    def test_resource_is_released_once_per_class(self) -> None:
        resource_factories.attach_resource(self.third, self.class_offer.subject)
        releases.rebuild_class_releases([self.class_offer.pk, self.class_offer.pk])
        self.assertEqual(Release.objects.filter(resource=self.third).count(), 1)
        self.assertEqual(Attachment.objects.filter(resource=self.third).count(), 2)


@tag("once")
class ReleaseTimesPageTest(SchoolTestCase):
    """On this page a teacher releases a resource early, holds it back or opens it for one student."""

    def setUp(self) -> None:
        super().setUp()
        self.late = resource_factories.resource("Late", self.class_offer, when="completion")
        self.place = resource_factories.create_registration(self.student, self.class_offer)
        self.url = reverse("resource_times", args=[self.class_offer.pk, self.late.pk])
        self.log_in(self.tess)

    def act(self, what: str) -> bool:
        self.assertRedirects(self.client.post(self.url, {"do": what}), self.url)
        return access.find_accessible_resource(self.alice, self.late.pk) is not None

    def test_teacher_releases_a_resource_early_holds_it_back_and_restores_the_plan(self) -> None:
        self.assertEqual(
            [self.act(each) for each in ("release", "hold", "release", "plan")], [True, False, True, False]
        )
        done = Entry.objects.filter(subject_type="resource", subject_id=str(self.late.pk)).values_list(
            "action", flat=True
        )
        self.assertIn("classwork.resource_held_back", done)

    def test_page_shows_the_planned_release_and_the_possible_actions(self) -> None:
        self.assertContains(self.client.get(self.url), "Release now")
        for resource, sentence in (
            (self.late, "Opens Tue"),
            (
                resource_factories.resource("First", self.class_offer, expires_after=1),
                "Opens with the registration; its last day is Tue",
            ),
        ):
            self.assertContains(
                self.client.get(reverse("resource_times", args=[self.class_offer.pk, resource.pk])), sentence
            )
        Release.objects.filter(resource=self.late).update(opens_at=timezone.now())
        page = self.client.get(self.url)
        self.assertContains(page, "Open since")
        self.assertNotContains(page, "Release now")

    def test_teacher_opens_a_resource_for_one_student(self) -> None:
        resource_factories.create_registration(self.kit, self.class_offer)
        self.assertTrue(self.act(f"open-{self.place.pk}"))
        self.assertIsNone(access.find_accessible_resource(self.gus, self.late.pk))
        self.assertContains(self.client.get(self.url), "for this student only")
        self.assertFalse(self.act(f"close-{self.place.pk}"))
        self.assertEqual(Opening.objects.count(), 0)

    def test_registrations_of_other_classes_and_unknown_actions_are_not_found(self) -> None:
        elsewhere = resource_factories.create_registration(
            self.kit, factories.create_class_offer(self.session, factories.create_subject("L2"))
        )
        for wanted in (f"open-{elsewhere.pk}", "open-x", "explode"):
            self.assertEqual(self.client.post(self.url, {"do": wanted}).status_code, 404)
        self.log_in(self.ash)
        self.assertEqual(self.client.post(self.url, {"do": "release"}).status_code, 404)
