import json

from django.urls import reverse
from django.utils import timezone

from common import personal
from common.errors import MergeConflict
from history.models import Entry
from registrations.models import Registration
from tests import factories
from tests.base import SchoolTestCase
from tests.flows.budgets import measure_spending
from users.domain import consents, privacy, roles, second_factor
from users.errors import StudentRecordRefused
from users.models import Role, Student, User


class PrivacyTestCase(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.ada)

    def post_action(self, key: str, account: User, **form_data: str) -> object:
        return self.client.post(f"{reverse('admin:users_user_action', args=[key])}?people={account.pk}", form_data)


class DataExportTest(PrivacyTestCase):
    def test_office_exports_data_of_account_and_students_in_its_care(self) -> None:
        self.kit.notes = "left knee"
        self.kit.save()
        response = self.client.get(reverse("admin:users_user_export", args=[self.gus.pk]))
        exported = json.loads(response.content)
        self.assertEqual(exported["users"]["account"][0]["email"], "gus@example.org")
        self.assertEqual([student["notes"] for student in exported["users"]["students"]], ["left knee"])
        self.assertNotIn("alice", response.content.decode())
        self.assertTrue(Entry.objects.filter(action="users.data_exported").exists())

    def test_student_and_teacher_cannot_export_account_data(self) -> None:
        for person in (self.alice, self.tess):
            self.log_in(person)
            response = self.client.get(reverse("admin:users_user_export", args=[person.pk]), follow=True)
            self.assertEqual(response.status_code, 403)


class ErasureTest(PrivacyTestCase):
    def test_erasure_leaves_no_trace_of_the_persons_name(self) -> None:
        consents.give_consents(self.alice, {"terms": "1"})
        second_factor.start_device_setup(self.alice)
        self.post_action("close", self.alice, why="Alice Arden of Elm Street moved away")
        self.post_action("erase", self.alice, why="asked for by letter")
        self.assertEqual(
            json.dumps(personal.export_all(privacy.person_of_account(self.alice))).lower().count("alice"), 0
        )
        alice = User.objects.get(pk=self.alice.pk)
        self.assertFalse(alice.is_active or alice.has_usable_password())
        self.assertEqual(Student.objects.get(pk=self.student.pk).first_name, "Erased")
        self.assertFalse(Entry.objects.filter(reason__contains="Elm").exists())

    def test_students_in_the_persons_care_are_erased_too(self) -> None:
        factories.create_child(self.gus, "Kim", "Gray")
        self.post_action("erase", self.gus, why="asked")
        names = set(Student.objects.filter(guardian=self.gus).values_list("first_name", flat=True))
        self.assertEqual(names, {"Erased"})

    def test_erasure_stays_in_history_with_actor_and_reason(self) -> None:
        self.post_action("erase", self.alice, why="asked for by letter")
        entry = Entry.objects.get(action="users.person_erased")
        self.assertEqual((entry.actor_id, entry.reason), (self.ada.pk, "asked for by letter"))

    def test_erasure_without_a_reason_is_refused(self) -> None:
        self.post_action("erase", self.alice)
        self.assertTrue(User.objects.get(pk=self.alice.pk).is_active)

    def test_email_address_can_be_used_again_after_erasure(self) -> None:
        self.post_action("erase", self.alice, why="asked")
        factories.create_account("alice@example.org", "Another")


class StudentErasureTest(PrivacyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.url = reverse("admin:users_student_erase", args=[self.kit.pk])

    def test_student_without_account_is_erased_after_a_preview(self) -> None:
        self.assertContains(self.client.get(reverse("admin:users_student_change", args=[self.kit.pk])), self.url)
        self.assertContains(self.client.get(self.url), "This cannot be undone.")
        self.client.post(self.url, {})
        self.assertEqual(Student.objects.get(pk=self.kit.pk).first_name, "Kit")
        self.client.post(self.url, {"why": "asked for by letter"})
        self.assertEqual(Student.objects.get(pk=self.kit.pk).first_name, "Erased")
        entry = Entry.objects.get(action="users.person_erased")
        self.assertEqual(
            (entry.subject_type, entry.actor_id, entry.reason), ("student", self.ada.pk, "asked for by letter")
        )

    def test_student_with_an_account_is_erased_with_the_account_only(self) -> None:
        page = reverse("admin:users_student_change", args=[self.student.pk])
        self.assertNotContains(self.client.get(page), "Erase student")
        self.assertEqual(
            self.client.post(reverse("admin:users_student_erase", args=[self.student.pk]), {"why": "x"}).status_code,
            404,
        )
        with self.assertRaises(StudentRecordRefused):
            privacy.erase_student(self.ada, self.student, "asked")

    def test_erasure_of_a_student_requires_the_permission(self) -> None:
        narrow = Role.objects.create(name="Narrow")
        narrow.permissions.set(roles.permissions_named({"users.enter_office", "users.change_student"}))
        self.sam.groups.add(narrow)
        self.log_in(self.sam)
        self.assertNotContains(self.client.get(reverse("admin:users_student_change", args=[self.kit.pk])), self.url)
        self.assertEqual(self.client.post(self.url, {"why": "curious"}).status_code, 403)
        self.assertEqual(Student.objects.get(pk=self.kit.pk).first_name, "Kit")


class MergeTest(PrivacyTestCase):
    def merge(self, source: Student, target: Student) -> list[str]:
        return privacy.merge_people(self.ada, source, target, "same person")

    def test_merged_account_is_closed_and_the_students_in_its_care_move(self) -> None:
        gussie = factories.create_account("gussie@example.org", "Gussie")
        factories.create_child(gussie, "Kay")
        source, target = factories.create_student(gussie), factories.create_student(self.gus)
        self.merge(source, target)
        self.assertFalse(User.objects.get(pk=gussie.pk).is_active)
        self.assertEqual(set(self.gus.in_care.values_list("first_name", flat=True)), {"Kit", "Kay"})

    def test_record_without_account_fills_in_missing_data_of_the_other(self) -> None:
        source = Student.objects.create(first_name="Al", notes="left knee", email="al@example.org")
        self.merge(source, self.student)
        alice = Student.objects.get(pk=self.student.pk)
        self.assertEqual((alice.first_name, alice.notes, alice.email), ("Alice", "left knee", "alice@example.org"))

    def test_preview_changes_nothing_and_lists_the_same_steps_as_the_merge(self) -> None:
        source = Student.objects.create(first_name="Al", notes="left knee")
        preview = privacy.preview_merge(source, self.student)
        self.assertTrue(Student.objects.filter(pk=source.pk).exists())
        self.assertEqual(preview, self.merge(source, self.student))

    def test_pages_that_ask_before_a_merge_or_an_erasure_write_and_lock_nothing(self) -> None:
        gussie = factories.create_account("gussie@example.org", "Gussie")
        factories.create_child(gussie, "Kay")
        people = f"{factories.create_student(gussie).pk},{factories.create_student(self.gus).pk}"
        for page, text in (
            (f"{reverse('admin:users_student_join')}?people={people}", "Kay will be in the care of"),
            (f"{reverse('admin:users_user_action', args=['erase'])}?people={gussie.pk}", "gussie@example.org"),
        ):
            with measure_spending() as spending:
                self.assertContains(self.client.get(page), text)
            self.assertEqual(spending.changes, [])

    def test_record_with_data_that_no_app_moves_is_not_merged(self) -> None:
        source = Student.objects.create(first_name="Al")
        Registration.objects.create(
            student=self.student,
            class_offer=self.class_offer,
            duplicate_of=source,
            state=Registration.State.CONFIRMED,
            confirmed_at=timezone.now(),
        )
        with self.assertRaisesMessage(MergeConflict, "can’t be moved automatically"):
            privacy.preview_merge(source, self.student)

    def test_accounts_with_same_named_children_cannot_be_merged_before_the_children(self) -> None:
        gussie = factories.create_account("gussie@example.org", "Gussie")
        factories.create_child(gussie, "Kit", "Gray")
        with self.assertRaises(MergeConflict):
            self.merge(factories.create_student(gussie), factories.create_student(self.gus))
        self.assertTrue(User.objects.get(pk=gussie.pk).is_active)

    def test_staff_account_cannot_be_merged_into_another(self) -> None:
        with self.assertRaises(MergeConflict):
            self.merge(factories.create_student(self.tess), self.student)
