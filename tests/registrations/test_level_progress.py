from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Permission
from django.test import tag
from django.urls import reverse

from classwork.domain.schedule import meetings
from classwork.models import Meeting
from history.models import Entry
from registrations.domain import cart as choosing
from registrations.domain import level_progress, my_classes
from registrations.domain.cart import RegistrationChoice
from registrations.models import LevelOverride
from tests import factories
from tests.registrations.level_progress import LevelProgressTestCase
from tests.registrations.purchases import cart, me, of, other, pay, place, register_strangers
from users.domain import privacy
from users.models import Student, User


@tag("once")
class CountingTest(LevelProgressTestCase):
    def test_class_counts_after_its_last_meeting_and_is_expected_before(self) -> None:
        class_offer = self.take("Beg", "A", over=False)
        self.assertEqual((self.progress().computed, self.progress().expected), (Decimal(0), Decimal(1)))
        self.end(class_offer)
        self.assertEqual(self.progress().computed, Decimal(1))

    def test_canceled_last_meeting_does_not_delay_the_level(self) -> None:
        class_offer = self.take("Beg", "A", over=False)
        last = class_offer.meetings.last()
        self.end(class_offer)
        later = self.now + timedelta(weeks=1)
        Meeting.objects.filter(pk=last.pk).update(starts_at=later, ends_at=later + timedelta(hours=1))
        self.assertEqual(self.progress().computed, Decimal(0))
        meetings.cancel_meeting(None, Meeting.objects.get(pk=last.pk), "Snow")
        self.assertEqual(self.progress().computed, Decimal(1))

    def test_unconfirmed_registration_does_not_count(self) -> None:
        place(cart((self.class_offer, me()), payer=self.alice))
        self.assertEqual(self.progress().expected, Decimal(0))

    def test_highest_finished_class_may_be_a_workshop(self) -> None:
        self.take("Beg", "A")
        taken = [self.take(level, "A") for level in ("L2", "WS")]
        self.take("WS", "B", over=False)
        highest = my_classes.classes_of_student(self.student, self.now).highest_subjects
        self.assertEqual({subject.level.code for subject in highest}, {"WS"})
        self.assertEqual(highest, [taken[1].subject])  # the other workshop isn't over

    def test_progress_of_many_students_takes_three_queries(self) -> None:
        self.take("Beg", "A")
        everybody = [self.student, self.kit]
        with self.assertNumQueries(3):
            level_progress.progress_of_students([self.student], self.now)
        with self.assertNumQueries(3):
            level_progress.progress_of_students(everybody, self.now)

    def test_highest_subject_is_found_even_with_level_number_zero(self) -> None:
        class_offer = self.take("L3", "A")
        self.take("Beg", "A")
        type(class_offer.subject).objects.filter(pk=class_offer.subject_id).update(level_num=0)
        highest = my_classes.classes_of_student(self.student, self.now).highest_subjects
        self.assertEqual([subject.level.code for subject in highest], ["L3"])

    def test_class_counts_from_the_exact_end_of_its_last_meeting(self) -> None:
        class_offer = self.take("Beg", "A")
        last = class_offer.meetings.last()
        self.now = last.ends_at - timedelta(microseconds=1)
        self.assertEqual(self.progress().computed, Decimal(0))
        self.now = last.ends_at
        self.assertEqual(self.progress().computed, Decimal(1))


@tag("once")
class LevelOverrideTest(LevelProgressTestCase):
    def test_level_set_by_staff_stays_when_more_classes_are_finished(self) -> None:
        self.give("2.5")
        for version in "ABCD":
            self.take("L3", version)
        self.assertEqual((self.progress().number, self.progress().computed), (Decimal("2.5"), Decimal("3.5")))

    def test_level_can_be_set_to_zero(self) -> None:
        self.take("Beg", "A")
        self.give("0")
        self.assertEqual((self.progress().number, self.progress().expected), (Decimal(0), Decimal(0)))

    def test_removed_override_restores_the_computed_level_and_both_are_recorded(self) -> None:
        self.take("Beg", "A")
        self.give("3")
        level_progress.override_level(self.student, None, why="It was her sister", by=self.ada)
        self.student = Student.objects.get(pk=self.student.pk)
        self.assertEqual(self.progress().number, Decimal(1))
        entries = Entry.objects.filter(subject_type="student", subject_id=str(self.student.pk))
        self.assertEqual(
            [(one.action, one.reason, one.details) for one in entries],
            [
                ("registrations.level_removed", "It was her sister", {"level": "3"}),
                ("registrations.level_set", "Danced for years in Lyon", {"level": "3"}),
            ],
        )

    def test_override_decides_the_next_step(self) -> None:
        self.give("2")
        self.assertEqual(self.progress().next_step.level.code, "L2")
        self.take("L2", "A")
        self.assertEqual(len(self.progress().next_step.missing), 3)

    def test_student_set_back_to_zero_has_to_take_the_whole_level_again(self) -> None:
        self.take("Beg", "A")
        self.take("Beg", "B")
        self.give("0")
        step = self.progress().next_step
        self.assertEqual((step.level.code, len(step.missing)), ("Beg", 2))

    def test_level_check_skips_students_who_have_the_level(self) -> None:
        class_offer = factories.create_class_offer(self.session, factories.create_subject("L2", "A"), class_day=4)
        choice = RegistrationChoice([class_offer], [me()])
        self.assertTrue(choosing.levels_to_ask_about(choice, self.alice, self.now))
        self.give("2")
        self.assertEqual(choosing.levels_to_ask_about(choice, self.alice, self.now), [])

    def test_merged_record_keeps_its_own_level_override(self) -> None:
        twin = Student.objects.create(first_name="Alice", last_name="Arden")
        level_progress.override_level(twin, Decimal(3), why="x", by=self.ada)
        privacy.merge_people(self.ada, twin, self.student, "One person")
        self.assertEqual(self.progress().number, Decimal(3))
        another = Student.objects.create(first_name="Alice", last_name="Arden")
        level_progress.override_level(another, Decimal(1), why="x", by=self.ada)
        privacy.merge_people(self.ada, another, self.student, "One person")
        self.assertEqual(self.progress().number, Decimal(3))


@tag("once")
class DeskLevelTest(LevelProgressTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.ada)
        self.page = reverse("desk_student", args=[self.student.pk])

    def test_desk_finds_a_student_and_sets_and_removes_the_level(self) -> None:
        self.assertContains(self.client.get(reverse("desk")), reverse("desk_students"))
        self.assertContains(self.client.get(reverse("desk_students"), {"q": "ali ard"}), self.page)
        answer = self.client.post(self.page, {"number": "2.5", "why": "Danced in Lyon"}, follow=True)
        self.assertContains(answer, "Level 2 done")
        self.assertContains(answer, "Set by Ada Adler")
        self.assertContains(answer, "Danced in Lyon")
        answer = self.client.post(self.page, {"number": "classes", "why": "A mistake"}, follow=True)
        self.assertContains(answer, "No level yet")
        self.assertContains(answer, "A mistake")

    def test_level_needs_a_reason_and_a_valid_number(self) -> None:
        for data in ({"number": "2"}, {"number": "-1", "why": "x"}, {"number": "NaN", "why": "x"}):
            with self.subTest(data):
                self.assertContains(self.client.post(self.page, data), "error")
        self.assertFalse(LevelOverride.objects.exists())

    def test_staff_with_view_permission_only_cannot_set_a_level(self) -> None:
        self.sam.user_permissions.set(Permission.objects.filter(codename__in=["view_registration", "enter_office"]))
        self.log_in(self.sam)
        self.assertNotContains(self.client.get(self.page), "Set level")
        self.assertEqual(self.client.post(self.page, {"number": "2", "why": "x"}).status_code, 403)

    def test_student_list_runs_the_same_queries_for_thirty_students(self) -> None:
        def rows(count: int) -> None:
            for _ in range(count):
                number = User.objects.count()
                factories.create_student(factories.create_account(f"p{number}@example.org", f"P{number}"))

        self.assertSameQueries(reverse("desk_students"), rows)


@tag("once")
class TeacherLevelTest(LevelProgressTestCase):
    def setUp(self) -> None:
        super().setUp()
        pay(place(cart((self.class_offer, me()), payer=self.alice)))
        self.log_in(self.tess)
        self.list = reverse("participants", args=[self.class_offer.pk])
        self.page = reverse("taught_student", args=[self.student.pk])

    def test_teacher_sees_the_level_of_a_student_but_no_payments(self) -> None:
        self.assertContains(self.client.get(reverse("teaching")), self.list)
        self.assertContains(self.client.get(self.list), self.page)
        page = self.client.get(self.page)
        self.assertContains(page, "Next: Beg B or D.")
        self.assertContains(page, "Registered")
        self.assertNotContains(page, "Paid")
        self.assertNotContains(page, "alice@example.org")

    def test_teacher_sets_the_level_of_a_student(self) -> None:
        page = self.client.post(self.page, {"number": "2", "why": "Saw her dance"}, follow=True)
        self.assertContains(page, "Beginning done")
        self.assertEqual(Entry.objects.get(action="registrations.level_set").actor_id, self.tess.pk)

    def test_teacher_cannot_see_students_of_other_classes(self) -> None:
        self.assertEqual(self.client.get(reverse("taught_student", args=[self.kit.pk])).status_code, 404)
        other_class = factories.create_class_offer(
            self.session, factories.create_subject(version="B"), self.ada.staff, class_day=4
        )
        pay(place(cart((other_class, of(self.kit)), payer=self.gus)))
        self.assertEqual(self.client.get(reverse("taught_student", args=[self.kit.pk])).status_code, 404)
        self.assertEqual(self.client.get(reverse("participants", args=[other_class.pk])).status_code, 404)

    def test_substitute_sees_the_student_but_cannot_set_the_level(self) -> None:
        self.log_in(self.ash)
        self.assertEqual(self.client.get(self.page).status_code, 404)
        self.class_offer.meetings.first().substitutes.add(self.ash.staff)
        self.assertEqual(self.client.get(self.page).status_code, 200)
        self.assertEqual(self.client.post(self.page, {"number": "2", "why": "Saw her dance"}).status_code, 403)

    def test_participant_list_runs_the_same_queries_for_thirty_students(self) -> None:
        self.assertSameQueries(self.list, lambda count: register_strangers(self.class_offer, count))


@tag("once")
class NextSessionAdviceTest(LevelProgressTestCase):
    def advice(self) -> Any:
        return level_progress.advise_next_session(self.session, self.now)

    def test_advice_counts_the_next_step_of_each_student(self) -> None:
        pay(place(cart((self.class_offer, me()), payer=self.alice)))
        pay(place(cart((self.class_offer, of(self.kit)), payer=self.gus)))
        factories.create_student(self.sam)
        self.assertEqual(self.advice().rows, [("Beginning B or D", 2)])
        self.take("Beg", "B", over=False)
        self.assertEqual((self.advice().attending, self.advice().most.name), (2, "Beginning B or D"))
        rows = dict(self.advice().rows)
        self.assertEqual((rows["Beginning B or D"], rows["Level 2 A"], rows["Level 2 D"]), (1, 1, 1))

    def test_advice_uses_level_overrides(self) -> None:
        pay(place(cart((self.class_offer, me()), payer=self.alice)))
        self.give("2.5")
        self.assertEqual(self.advice().most.level.code, "L3")

    def test_advice_for_an_empty_session_is_empty(self) -> None:
        self.assertEqual((self.advice().attending, self.advice().rows, self.advice().most), (0, [], None))

    def test_advice_page_has_a_chart_and_runs_the_same_queries_for_many_students(self) -> None:
        self.log_in(self.ada)
        page = reverse("desk_next_session", args=[self.session.pk])

        def rows(count: int) -> None:
            for _ in range(count):
                number = User.objects.count()
                pay(place(cart((self.class_offer, other(f"P{number}", f"p{number}@example.org")))))

        self.assertSameQueries(page, rows, exactly=18)
        self.assertContains(
            self.client.get(page), "Most current students still need Beginning B or D, 30 of 30 students."
        )
        self.assertContains(self.client.get(page), "<svg")
