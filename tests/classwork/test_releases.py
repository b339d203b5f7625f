"""Releases follow the schedule; who may open what through which place."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from django.test import SimpleTestCase, override_settings, tag
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from classwork.domain import meetings, offers
from classwork.domain.meetings import MeetingDraft
from classwork.domain.offers import OfferDraft
from classwork.domain.resources import access, content, library, releases, rules
from classwork.domain.resources.rules import Rule
from classwork.domain.timetable import Slot, Standing
from classwork.models import Attachment, Opening, Registration, Release, Resource
from history.models import Entry
from tests import make
from tests.base import SchoolTestCase
from tests.classwork import buying, giving

ZONE = timezone.get_default_timezone()
HOURS = st.lists(st.integers(0, 24 * 60), min_size=1, max_size=8, unique=True)
RULES = st.one_of(
    st.just(Rule("completion")), st.integers(1, 9).map(lambda n: Rule("class", n)), st.just(Rule("sign_up"))
)


def standing(hour: int, minutes: int = 60, *, off: Collection[int] = ()) -> Standing:
    start = datetime(2026, 1, 6, tzinfo=ZONE) + timedelta(hours=hour)
    return Standing(hour, None, Slot(start, start + timedelta(minutes=minutes)), cancelled=hour in off)


@tag("once")
class RulesTest(SimpleTestCase):
    @given(HOURS, st.lists(st.integers(15, 300), min_size=8, max_size=8), st.data(), RULES)
    def test_a_cancellation_never_moves_a_release_earlier(self, hours, minutes, data, rule) -> None:
        """Whatever is called off already, and however the meetings overlap."""
        gone = data.draw(st.sets(st.sampled_from(hours)))
        more = gone | {data.draw(st.sampled_from(hours))}
        lengths = dict(zip(hours, minutes, strict=False))
        before, after = (rules.run([standing(*one, off=off) for one in lengths.items()], []) for off in (gone, more))
        assert before and after
        opened, then = rules.window(rule, before).opens_at, rules.window(rule, after).opens_at
        self.assertEqual(opened is None, then is None)
        if opened and then:
            self.assertGreaterEqual(then, opened)

    def test_a_class_that_ends_after_midnight_opens_on_the_day_it_ends(self) -> None:
        run = rules.run([standing(23, 120)], [])
        assert run
        found = rules.window(Rule("class", 1, 1), run)
        self.assertEqual(found.last_day, date(2026, 1, 14))

    def test_each_day_off_adds_a_week_and_again_in_the_week_added(self) -> None:
        first = date(2026, 1, 6)
        off = {first + timedelta(weeks=n) for n in (1, 2)}
        self.assertEqual(rules.last_day(first, 1, off), first + timedelta(weeks=3))
        self.assertEqual(rules.last_day(first, 1, [first]), first + timedelta(weeks=1))
        self.assertEqual(rules.last_day(first, 1, [first + timedelta(weeks=5)]), first + timedelta(weeks=1))

    def test_a_class_without_dates_promises_nothing(self) -> None:
        self.assertIsNone(rules.run([], []))


@tag("once")
class FollowTest(SchoolTestCase):
    """The fixed class meets five Tuesdays."""

    def setUp(self) -> None:
        super().setUp()
        self.third = giving.resource("Third", self.offer, when="class", class_number=3)
        self.days = list(self.offer.meetings.all())

    def opens(self, resource: Resource | None = None) -> datetime | None:
        return Release.objects.get(offer=self.offer, resource=resource or self.third).opens_at

    def test_it_opens_at_the_end_of_its_class(self) -> None:
        self.assertEqual(self.opens(), self.days[2].ends_at)

    def test_it_moves_with_a_cancelled_a_moved_and_an_added_day(self) -> None:
        meetings.cancel(None, self.days[0], "Snow")
        self.assertEqual(self.opens(), self.days[3].ends_at)
        meetings.restore(None, self.days[0])
        self.assertEqual(self.opens(), self.days[2].ends_at)
        draft = MeetingDraft(self.days[2].on + timedelta(1), self.offer.start_time)
        meetings.move(None, self.days[2], draft)
        self.assertEqual(self.opens(), self.days[2].ends_at + timedelta(1))
        added = meetings.add(None, self.offer, MeetingDraft(self.days[0].on + timedelta(1), self.offer.start_time))
        self.assertGreater(self.days[2].ends_at, added.ends_at)
        self.assertEqual(self.opens(), self.days[1].ends_at)

    def test_the_preview_says_what_opens_later_and_no_change_slips_by(self) -> None:
        preview = meetings.plan_cancel(self.days[0])
        said = [row for row in preview.rows if "Third" in row.what]
        self.assertEqual(len(said), 1)
        self.assertTrue(said[0].after.endswith("a week later"), said)
        skip = offers.plan_offer(self.offer, OfferDraft({}, [self.days[1].on]))
        self.assertIn("a week later", next(row.after for row in skip.rows if "Third" in row.what))
        offers.change_offer(None, self.offer, OfferDraft({}, [self.days[1].on]), seen=skip.fingerprint)
        self.assertEqual(self.opens(), self.days[3].ends_at)

    def test_what_is_open_early_opens_no_later_and_keeps_its_planned_last_day(self) -> None:
        short = giving.resource("Short", self.offer, when="class", class_number=2, expires_after=1)
        planned = Release.objects.get(resource=short)
        releases.release_now(self.tess, planned)
        rows = meetings.plan_cancel(self.days[0]).rows
        self.assertEqual([row.what for row in rows if "Short" in row.what], ["“Short” stays until"])
        early = Release.objects.get(resource=short)
        self.assertEqual((early.opens_at, early.last_day), (planned.opens_at, planned.last_day))
        self.assertLess(early.begins_at, planned.opens_at)

    def test_a_new_class_and_another_subject_bring_what_the_subject_has(self) -> None:
        subject = make.subject("L2", "B")
        resource = giving.resource("For all", subject, when="completion")
        offer = make.offer(self.session, subject, class_day=4)
        self.assertEqual(list(offer.releases.values_list("resource", flat=True)), [resource.pk])
        offers.change_offer(None, offer, OfferDraft({"subject": self.offer.subject}))
        self.assertEqual(offer.releases.count(), 0)

    def test_the_class_says_otherwise_than_its_subject_or_hides_it(self) -> None:
        resource = giving.resource("For all", self.offer.subject, when="class", class_number=1)
        self.assertEqual(self.opens(resource), self.days[0].ends_at)
        giving.hang(resource, self.offer, when="class", class_number=2)
        releases.follow(self.offer)
        self.assertEqual(self.opens(resource), self.days[1].ends_at)
        content.hide(self.tess.staff, self.offer, resource, True)
        self.assertFalse(Release.objects.filter(resource=resource).exists())
        content.hide(self.tess.staff, self.offer, resource, False)
        content.remove(self.tess.staff, self.offer, resource)
        self.assertEqual(self.opens(resource), self.days[0].ends_at)

    def test_the_database_keeps_each_resource_once_a_class(self) -> None:
        giving.hang(self.third, self.offer.subject)
        releases.rebuild([self.offer.pk, self.offer.pk])
        self.assertEqual(Release.objects.filter(resource=self.third).count(), 1)
        self.assertEqual(Attachment.objects.filter(resource=self.third).count(), 2)


@tag("once")
class AccessTest(SchoolTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.words = giving.resource("Words", self.offer)

    def may(self, user: Any, resource: Resource | None = None, at: datetime | None = None) -> bool:
        return access.find(user, (resource or self.words).pk, at) is not None

    def test_a_place_opens_while_it_is_confirmed_and_in_no_other_state(self) -> None:
        for state, may in (("confirmed", True), ("on_hold", False), ("cancelled", False), ("transferred", False)):
            with self.subTest(state):
                Registration.objects.all().delete()
                giving.place(self.student, self.offer, state)
                self.assertEqual(self.may(self.alice), may)
        Registration.objects.all().delete()
        Registration.objects.create(student=self.student, offer=self.offer, state="held")
        self.assertFalse(self.may(self.alice))

    def test_a_guardian_opens_what_the_child_has_and_the_payer_nothing(self) -> None:
        order = buying.pay(buying.place(buying.cart((self.offer, buying.of(self.kit)), payer=self.gus)))
        found = access.find(self.gus, self.words.pk)
        assert found and found.place
        self.assertEqual((found.place.student, found.offer), (self.kit, self.offer))
        self.assertEqual(order.state, "paid")
        buying.pay(buying.place(buying.cart((self.offer, buying.other("Lee", "lee@example.org")), payer=self.sam)))
        self.assertFalse(self.may(self.sam))

    def test_what_is_not_paid_opens_by_the_schools_setting(self) -> None:
        order = buying.place(buying.cart((self.offer, buying.me()), payer=self.alice), "door")
        self.assertTrue(self.may(self.alice))
        with override_settings(OPEN_BEFORE_PAID=False):
            self.assertFalse(self.may(self.alice))
            buying.pay(order)
            self.assertTrue(self.may(self.alice))

    def test_all_of_the_money_back_closes_it_and_a_part_does_not(self) -> None:
        order = buying.pay(buying.place(buying.cart((self.offer, buying.me()), payer=self.alice)))
        order.charged -= 1
        order.save()
        self.assertTrue(self.may(self.alice))
        order.charged = 0
        order.save()
        self.assertFalse(self.may(self.alice))

    def test_a_class_that_is_over_stays_open(self) -> None:
        giving.place(self.student, self.offer)
        last = giving.resource("Last", self.offer, when="completion")
        at = self.offer.meetings.last().ends_at
        self.assertFalse(self.may(self.alice, last, at - timedelta(seconds=1)))
        self.assertTrue(self.may(self.alice, last, at))
        self.assertTrue(self.may(self.alice, last, at + timedelta(days=2000)))

    def test_late_joiners_see_what_opened_before_unless_the_school_says_no(self) -> None:
        first = giving.resource("First", self.offer, when="class", class_number=1)
        later = self.offer.meetings.all()[1].starts_at
        place = giving.place(self.student, self.offer, at=later)
        self.assertTrue(self.may(self.alice, first, later))
        with override_settings(LATE_JOINERS_SEE_EARLIER=False):
            self.assertFalse(self.may(self.alice, first, later))
            self.assertTrue(self.may(self.alice, self.words, later))
            releases.open_for(self.tess, first, place)
            self.assertTrue(self.may(self.alice, first, later))
            releases.close_for(self.tess, first, place)
            self.assertFalse(self.may(self.alice, first, later))

    def test_those_who_teach_see_everything_at_once_and_a_substitute_from_the_assignment_on(self) -> None:
        last = giving.resource("Last", self.offer, when="completion", audience="teacher")
        for person, may in ((self.tess, True), (self.ada, True), (self.ash, False), (self.alice, False)):
            self.assertEqual(self.may(person, last), may, person)
        meetings.set_substitutes(None, self.offer.meetings.last(), [self.ash.staff])
        self.assertTrue(self.may(self.ash, last))
        office = giving.resource("Office", self.offer, audience="admin")
        self.assertEqual([self.may(each, office) for each in (self.tess, self.ada)], [False, True])

    def test_libraries_are_for_their_audience_and_wait_for_the_office(self) -> None:
        giving.place(self.student, self.offer)
        people = (self.alice, self.sam, self.tess, self.ada)
        for audience, expected in (
            ("public", [True, True, True, True]),
            ("student", [True, False, False, True]),
            ("teacher", [False, False, True, True]),
            ("admin", [False, False, False, True]),
        ):
            loose = giving.resource(f"For {audience}", audience=audience)
            self.assertEqual([self.may(each, loose) for each in people], expected, audience)
        waiting = giving.resource("Waiting", audience="public", manager_approved=False)
        self.assertFalse(self.may(self.alice, waiting))

    def test_words_for_the_mail_have_no_page_and_what_is_not_approved_neither(self) -> None:
        giving.place(self.student, self.offer)
        self.assertFalse(self.may(self.alice, giving.resource("Mail", self.offer, kind="email")))
        self.assertFalse(self.may(self.alice, giving.resource("Idea", self.offer, manager_approved=False)))

    def test_what_is_for_everybody_follows_the_class_but_not_a_class_that_is_hidden(self) -> None:
        public = giving.resource("Public", self.offer, audience="public", when="class", class_number=1)
        at = self.offer.meetings.first().ends_at
        self.assertEqual([self.may(self.sam, public, moment) for moment in (at - timedelta(1), at)], [False, True])
        offers.set_approved(None, self.offer, False)
        self.assertFalse(self.may(self.sam, public, at))


@tag("once")
class TimesTest(SchoolTestCase):
    """The page on which a teacher opens early, holds back, opens for one."""

    def setUp(self) -> None:
        super().setUp()
        self.late = giving.resource("Late", self.offer, when="completion")
        self.place = giving.place(self.student, self.offer)
        self.url = reverse("resource_times", args=[self.offer.pk, self.late.pk])
        self.log_in(self.tess)

    def do(self, what: str) -> bool:
        self.assertRedirects(self.client.post(self.url, {"do": what}), self.url)
        return access.find(self.alice, self.late.pk) is not None

    def test_early_held_back_as_planned(self) -> None:
        self.assertEqual([self.do(each) for each in ("release", "hold", "release", "plan")], [True, False, True, False])
        done = Entry.objects.filter(subject_type="resource", subject_id=str(self.late.pk)).values_list(
            "action", flat=True
        )
        self.assertIn("classwork.resource_held_back", done)

    def test_for_one_student_alone(self) -> None:
        giving.place(self.kit, self.offer)
        self.assertTrue(self.do(f"open-{self.place.pk}"))
        self.assertIsNone(access.find(self.gus, self.late.pk))
        self.assertContains(self.client.get(self.url), "opened for them alone")
        self.assertFalse(self.do(f"close-{self.place.pk}"))
        self.assertEqual(Opening.objects.count(), 0)

    def test_nobody_elses_place_and_no_other_deed(self) -> None:
        elsewhere = giving.place(self.kit, make.offer(self.session, make.subject("L2")))
        for wanted in (f"open-{elsewhere.pk}", "open-x", "explode"):
            self.assertEqual(self.client.post(self.url, {"do": wanted}).status_code, 404)
        self.log_in(self.ash)
        self.assertEqual(self.client.post(self.url, {"do": "release"}).status_code, 404)


@tag("once")
class LibraryTest(SchoolTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.place = giving.place(self.student, self.offer)
        self.now = timezone.now()

    def test_what_opened_since_the_last_visit_is_new_until_the_visit_is_over(self) -> None:
        first = giving.resource("First", self.offer, when="class", class_number=1)
        ends = self.offer.meetings.first().ends_at

        def new(at: datetime) -> list[str]:
            return [str(item.resource) for item in library.of(self.alice, at).new]

        self.assertEqual(new(self.now), [])
        self.assertEqual(new(ends + timedelta(minutes=1)), [str(first)])
        self.assertEqual(new(ends + timedelta(minutes=10)), [str(first)])
        self.assertEqual(new(ends + timedelta(hours=5)), [])

    def test_what_is_still_to_come_stands_there_with_its_day_and_without_a_link(self) -> None:
        third = giving.resource("Third", self.offer, when="class", class_number=3)
        gone = giving.resource("Gone", self.offer, expires_after=1)
        self.log_in(self.alice)
        page = self.client.get(reverse("library"))
        self.assertContains(page, "After class 3")
        self.assertContains(page, "Opens Tue")
        self.assertNotContains(page, reverse("resource_detail", args=[third.pk]))
        self.assertContains(page, reverse("resource_detail", args=[gone.pk]))
        items = library.of(self.alice, self.now + timedelta(weeks=8)).shelves[0].items
        self.assertIn("Was here until", next(item.words for item in items if item.resource == gone))

    def test_the_same_thing_of_two_classes_is_found_once(self) -> None:
        other = make.offer(self.session, make.subject("L2", "B"), class_day=4)
        giving.place(self.student, other)
        giving.resource("Turn", self.offer, self.offer.subject, other)
        self.assertEqual([str(item.resource) for item in library.of(self.alice, self.now, "tu").earned], ["Turn"])
        self.assertEqual(library.of(self.alice, self.now, "nothing").earned, [])
        self.log_in(self.alice)
        self.assertContains(self.client.get(reverse("library"), {"q": "left turn"}), "Turn")
        self.assertContains(self.client.get(reverse("library"), {"q": "zzz"}), "Nothing found")

    def test_previous_and_next_are_what_is_open_in_the_class(self) -> None:
        one, two, three = (giving.resource(name, self.offer) for name in ("One", "Two", "Three"))
        giving.resource("Later", self.offer, when="completion")
        found = library.beside(self.place, two, self.now)
        self.assertEqual((found.before, found.after), (one, three))
        self.assertEqual(library.beside(self.place, three, self.now).after, None)

    def test_forty_classes_and_four_hundred_resources_take_five_queries(self) -> None:
        """Four, and one that writes down the visit; beside them the session, the account with its rights, the cart."""

        def classes(count: int) -> None:
            for number in range(count):
                subject = make.subject("L3", num_weeks=1, name=f"Number {number} of {count}")
                offer = make.offer(self.session, subject, class_day=number % 7)
                giving.place(self.student, offer)
                made = [
                    Resource(title=f"A {n}", kind="text", text="x", when="sign_up", manager_approved=True)
                    for n in range(10)
                ]
                hung = Resource.objects.bulk_create(made)
                Attachment.objects.bulk_create(Attachment(resource=each, offer=offer) for each in hung)
                releases.rebuild([offer.pk])

        classes(39)
        giving.resource("Loose", audience="student")
        self.alice.get_all_permissions()
        with self.assertNumQueries(5):
            found = library.of(self.alice, self.now)
        self.assertEqual(sum(len(items) for shelf in found.shelves for _, items in shelf.weeks), 390)
        self.log_in(self.alice)
        self.assertSameQueries(reverse("library"), lambda count: classes(1 if count == 1 else 2), exactly=9)

    def test_a_visitor_reads_what_is_for_everybody(self) -> None:
        self.assertContains(self.client.get(reverse("library")), "Nothing for everybody")
        giving.resource("Shoes", audience="public")
        self.assertContains(self.client.get(reverse("library")), "Shoes")


@tag("once")
class OfficeTest(SchoolTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.ada)

    def save(self, **changed: Any) -> Any:
        usual = {"title": "Steps", "kind": "text", "audience": "student", "text": "Left", "when": "sign_up"}
        rows = {"attachments-TOTAL_FORMS": "1", "attachments-INITIAL_FORMS": "0", "attachments-0-offer": self.offer.pk}
        data = usual | rows | {"attachments-0-position": "0"} | changed
        return self.client.post(reverse("admin:classwork_resource_add"), data)

    def test_what_the_office_makes_is_released_with_the_class(self) -> None:
        self.assertEqual(self.save().status_code, 302)
        self.assertEqual(self.offer.releases.get().resource.title, "Steps")

    def test_the_payload_has_to_fit_the_kind(self) -> None:
        for said, changed in (
            ("Please write the text", {"text": ""}),
            ("Please choose the file", {"kind": "video"}),
            ("Please give the address", {"kind": "link"}),
            ("Links begin with http", {"kind": "link", "link": "javascript:alert(1)"}),
            ("Say after which class", {"when": "class"}),
        ):
            with self.subTest(said):
                self.assertContains(self.save(**changed), said)
        self.assertEqual(Resource.objects.count(), 0)

    def test_it_is_approved_from_the_list(self) -> None:
        waiting = giving.resource("Waiting", audience="public", manager_approved=False)
        url = reverse("admin:classwork_resource_changelist")
        self.assertContains(self.client.get(url, {"hangs": "nothing"}), "Waiting")
        self.client.post(url, {"action": "approve", "_selected_action": [waiting.pk]})
        waiting.refresh_from_db()
        self.assertTrue(waiting.manager_approved)
        self.assertTrue(Entry.objects.filter(action="classwork.resource_approved").exists())
