from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Permission
from django.test import tag
from django.urls import reverse

from classwork.domain.places import choosing, mine, progress
from classwork.domain.places.choosing import RegistrationChoice
from classwork.domain.schedule import meetings
from classwork.models import LevelOverride, Meeting
from history.models import Entry
from tests import make
from tests.classwork.buying import cart, me, of, other, pay, place
from tests.classwork.progress import ProgressTestCase
from users.domain import privacy
from users.models import Student, User


@tag("once")
class CountingTest(ProgressTestCase):
    def test_a_class_counts_once_its_last_meeting_is_over_and_in_advice_before(self) -> None:
        offer = self.take("Beg", "A", over=False)
        self.assertEqual((self.progress().computed, self.progress().expected), (Decimal(0), Decimal(1)))
        self.end(offer)
        self.assertEqual(self.progress().computed, Decimal(1))

    def test_a_last_day_that_was_cancelled_is_not_waited_for(self) -> None:
        offer = self.take("Beg", "A", over=False)
        last = offer.meetings.last()
        self.end(offer)
        later = self.now + timedelta(weeks=1)
        Meeting.objects.filter(pk=last.pk).update(starts_at=later, ends_at=later + timedelta(hours=1))
        self.assertEqual(self.progress().computed, Decimal(0))
        meetings.cancel_meeting(None, Meeting.objects.get(pk=last.pk), "Snow")
        self.assertEqual(self.progress().computed, Decimal(1))

    def test_a_place_that_was_never_confirmed_counts_nothing(self) -> None:
        place(cart((self.offer, me()), payer=self.alice))
        self.assertEqual(self.progress().expected, Decimal(0))

    def test_highest_finished_class_may_be_a_workshop(self) -> None:
        self.take("Beg", "A")
        taken = [self.take(level, "A") for level in ("L2", "WS")]
        self.take("WS", "B", over=False)
        highest = mine.classes_of_student(self.student, self.now).highest
        self.assertEqual({subject.level.code for subject in highest}, {"WS"})
        self.assertEqual(highest, [taken[1].subject])  # the other workshop isn't over

    def test_it_costs_the_same_for_one_and_for_many(self) -> None:
        self.take("Beg", "A")
        everybody = [self.student, self.kit]
        with self.assertNumQueries(3):
            progress.progress_of_students([self.student], self.now)
        with self.assertNumQueries(3):
            progress.progress_of_students(everybody, self.now)


@tag("once")
class OverrideTest(ProgressTestCase):
    def test_what_a_person_said_stays_when_further_classes_are_over(self) -> None:
        self.give("2.5")
        for version in "ABCD":
            self.take("L3", version)
        self.assertEqual((self.progress().number, self.progress().computed), (Decimal("2.5"), Decimal("3.5")))

    def test_zero_is_said_too(self) -> None:
        self.take("Beg", "A")
        self.give("0")
        self.assertEqual((self.progress().number, self.progress().expected), (Decimal(0), Decimal(0)))

    def test_taken_back_the_classes_say_it_again_and_both_are_on_record(self) -> None:
        self.take("Beg", "A")
        self.give("3")
        progress.override_level(self.student, None, why="It was her sister", by=self.ada)
        self.assertEqual(self.progress().number, Decimal(1))
        entries = Entry.objects.filter(subject_type="student", subject_id=str(self.student.pk))
        self.assertEqual(
            [(one.action, one.why, one.details) for one in entries],
            [
                ("classwork.level_taken_back", "It was her sister", {"level": "3"}),
                ("classwork.level_given", "Danced for years in Lyon", {"level": "3"}),
            ],
        )

    def test_what_was_said_decides_what_is_taken_next(self) -> None:
        self.give("2")
        self.assertEqual(self.progress().next_step.level.code, "L2")
        self.take("L2", "A")
        self.assertEqual(len(self.progress().next_step.missing), 3)

    def test_whoever_is_set_back_takes_all_of_the_step_again(self) -> None:
        self.take("Beg", "A")
        self.take("Beg", "B")
        self.give("0")
        step = self.progress().next_step
        self.assertEqual((step.level.code, len(step.missing)), ("Beg", 2))

    def test_the_level_check_does_not_ask_whoever_has_the_level(self) -> None:
        offer = make.offer(self.session, make.subject("L2", "A"), class_day=4)
        choice = RegistrationChoice([offer], [me()])
        self.assertTrue(choosing.levels_to_ask_about(choice, self.alice, self.now))
        self.give("2")
        self.assertEqual(choosing.levels_to_ask_about(choice, self.alice, self.now), [])

    def test_joined_records_keep_the_level_of_the_one_that_stays(self) -> None:
        twin = Student.objects.create(first_name="Alice", last_name="Arden")
        progress.override_level(twin, Decimal(3), why="x", by=self.ada)
        privacy.merge_people(self.ada, twin, self.student, "One person")
        self.assertEqual(self.progress().number, Decimal(3))
        another = Student.objects.create(first_name="Alice", last_name="Arden")
        progress.override_level(another, Decimal(1), why="x", by=self.ada)
        privacy.merge_people(self.ada, another, self.student, "One person")
        self.assertEqual(self.progress().number, Decimal(3))


@tag("once")
class DeskTest(ProgressTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.ada)
        self.page = reverse("desk_student", args=[self.student.pk])

    def test_the_way_leads_from_the_desk_to_a_level_and_back(self) -> None:
        self.assertContains(self.client.get(reverse("desk")), reverse("desk_students"))
        self.assertContains(self.client.get(reverse("desk_students"), {"q": "ali ard"}), self.page)
        said = self.client.post(self.page, {"number": "2.5", "why": "Danced in Lyon"}, follow=True)
        self.assertContains(said, "Level 2 done")
        self.assertContains(said, "Set by Ada Adler")
        self.assertContains(said, "Danced in Lyon")
        said = self.client.post(self.page, {"number": "classes", "why": "A mistake"}, follow=True)
        self.assertContains(said, "No level yet")
        self.assertContains(said, "A mistake")

    def test_without_a_reason_or_with_a_level_that_is_none_nothing_is_said(self) -> None:
        for data in ({"number": "2"}, {"number": "-1", "why": "x"}, {"number": "NaN", "why": "x"}):
            with self.subTest(data):
                self.assertContains(self.client.post(self.page, data), "error")
        self.assertFalse(LevelOverride.objects.exists())

    def test_whoever_may_look_but_not_say_is_refused(self) -> None:
        self.ash.user_permissions.set(Permission.objects.filter(codename__in=["view_registration", "enter_office"]))
        self.log_in(User.objects.get(pk=self.ash.pk))
        self.assertNotContains(self.client.get(self.page), "Set level")
        self.assertEqual(self.client.post(self.page, {"number": "2", "why": "x"}).status_code, 403)

    def test_the_list_costs_the_same_for_one_and_for_thirty(self) -> None:
        def rows(count: int) -> None:
            for _ in range(count):
                number = User.objects.count()
                make.student(make.account(f"p{number}@example.org", f"P{number}"))

        self.assertSameQueries(reverse("desk_students"), rows)


@tag("once")
class TeacherTest(ProgressTestCase):
    def setUp(self) -> None:
        super().setUp()
        pay(place(cart((self.offer, me()), payer=self.alice)))
        self.log_in(self.tess)
        self.list = reverse("participants", args=[self.offer.pk])
        self.page = reverse("taught_student", args=[self.student.pk])

    def test_the_way_leads_from_teaching_to_a_student_and_tells_nothing_of_money(self) -> None:
        self.assertContains(self.client.get(reverse("teaching")), self.list)
        self.assertContains(self.client.get(self.list), self.page)
        page = self.client.get(self.page)
        self.assertContains(page, "Next: Beg B or D.")
        self.assertContains(page, "Registered")
        self.assertNotContains(page, "Paid")
        self.assertNotContains(page, "alice@example.org")

    def test_a_teacher_says_what_level_somebody_has(self) -> None:
        page = self.client.post(self.page, {"number": "2", "why": "Saw her dance"}, follow=True)
        self.assertContains(page, "Beginning done")
        self.assertEqual(Entry.objects.get(action="classwork.level_given").actor_id, self.tess.pk)

    def test_students_of_other_classes_do_not_exist_for_a_teacher(self) -> None:
        self.assertEqual(self.client.get(reverse("taught_student", args=[self.kit.pk])).status_code, 404)
        other_class = make.offer(self.session, make.subject(version="B"), self.ada.staff, class_day=4)
        pay(place(cart((other_class, of(self.kit)), payer=self.gus)))
        self.assertEqual(self.client.get(reverse("taught_student", args=[self.kit.pk])).status_code, 404)
        self.assertEqual(self.client.get(reverse("participants", args=[other_class.pk])).status_code, 404)

    def test_whoever_stands_in_for_a_day_sees_the_class(self) -> None:
        self.log_in(self.ash)
        self.assertEqual(self.client.get(self.page).status_code, 404)
        self.offer.meetings.first().substitutes.add(self.ash.staff)
        self.assertEqual(self.client.get(self.page).status_code, 200)
        self.assertEqual(self.client.post(self.page, {"number": "2", "why": "x"}).status_code, 403)

    def test_the_list_costs_the_same_for_one_and_for_thirty(self) -> None:
        def rows(count: int) -> None:
            for _ in range(count):
                number = User.objects.count()
                pay(place(cart((self.offer, me()), name=f"P{number}", email=f"p{number}@example.org")))

        self.assertSameQueries(self.list, rows)


@tag("once")
class AdviceTest(ProgressTestCase):
    def advice(self) -> Any:
        return progress.advise_next_session(self.session, self.now)

    def test_it_counts_who_would_take_what_next(self) -> None:
        pay(place(cart((self.offer, me()), payer=self.alice)))
        pay(place(cart((self.offer, of(self.kit)), payer=self.gus)))
        make.student(self.sam)
        self.assertEqual(self.advice().rows, [("Beginning B or D", 2)])
        self.take("Beg", "B", over=False)
        self.assertEqual((self.advice().attending, self.advice().most.name), (2, "Beginning B or D"))
        rows = dict(self.advice().rows)
        self.assertEqual((rows["Beginning B or D"], rows["Level 2 A"], rows["Level 2 D"]), (1, 1, 1))

    def test_what_a_person_said_counts(self) -> None:
        pay(place(cart((self.offer, me()), payer=self.alice)))
        self.give("2.5")
        self.assertEqual(self.advice().most.level.code, "L3")

    def test_nobody_needs_anything_in_an_empty_session(self) -> None:
        self.assertEqual((self.advice().attending, self.advice().rows, self.advice().most), (0, [], None))

    def test_the_page_draws_it_with_the_table_beside_it_at_the_same_cost_for_many(self) -> None:
        self.log_in(self.ada)
        page = reverse("desk_next_session", args=[self.session.pk])

        def rows(count: int) -> None:
            for _ in range(count):
                number = User.objects.count()
                pay(place(cart((self.offer, other(f"P{number}", f"p{number}@example.org")))))

        self.assertSameQueries(page, rows)
        self.assertContains(
            self.client.get(page), "Most current students still need Beginning B or D, 30 of 30 students."
        )
        self.assertContains(self.client.get(page), "<svg")
