from io import StringIO

from django.core.management import CommandError, call_command
from django.test import TestCase, override_settings, tag

from common.demo import PASSWORD, PEOPLE
from pages import demo
from pages.errors import SchoolNotEmpty
from tests import factories
from users.domain.roles import ADMIN, ASSISTANT, TEACHER, has_named_role
from users.models import Staff, Student, User


@tag("once", "long")
class DemoSchoolTest(TestCase):
    def test_demo_accounts_have_their_roles_and_can_log_in(self) -> None:
        demo.load_demo_school()
        people = {person.role: User.objects.get(email=person.email) for person in PEOPLE}
        self.assertTrue(all(user.check_password(PASSWORD) for user in people.values()))
        self.assertEqual([role for role, user in people.items() if has_named_role(user, TEACHER)], ["teacher", "admin"])
        self.assertEqual(
            [role for role, user in people.items() if has_named_role(user, ASSISTANT)], ["assistant", "admin"]
        )
        self.assertEqual([role for role, user in people.items() if has_named_role(user, ADMIN)], ["admin"])
        self.assertEqual(Student.objects.get(first_name="Kit").guardian, people["guardian"])

    def test_about_page_shows_demo_texts_and_staff(self) -> None:
        demo.load_demo_school()
        page = self.client.get("/aboutus/")
        self.assertContains(page, "A school that dances")
        for staff in Staff.objects.listed():
            self.assertContains(page, str(staff))

    def test_database_with_accounts_is_left_unchanged(self) -> None:
        factories.create_account("somebody@example.org", "Somebody")
        with self.assertRaises(SchoolNotEmpty):
            demo.load_demo_school()
        self.assertEqual(User.objects.count(), 1)

    def test_loading_demo_school_again_changes_nothing(self) -> None:
        demo.load_demo_school()
        before = [list(model.objects.order_by("pk").values()) for model in (User, Student, Staff)]
        demo.load_demo_school(anyway=True)
        self.assertEqual([list(model.objects.order_by("pk").values()) for model in (User, Student, Staff)], before)

    def test_command_is_refused_with_debug_off_unless_forced(self) -> None:
        with self.assertRaisesMessage(CommandError, "DEBUG is off"):
            call_command("demo_school")
        call_command("demo_school", "--anyway", stdout=StringIO())
        self.assertTrue(User.objects.exists())


@tag("once", "long")
class PrepareCommandTest(TestCase):
    def prepare(self) -> str:
        stdout = StringIO()
        call_command("prepare", "--address", "http://127.0.0.1:8000/", stdout=stdout)
        return stdout.getvalue()

    @override_settings(DEBUG=True)
    def test_empty_database_gets_the_demo_school_once(self) -> None:
        self.assertIn("Opening the demo school", self.prepare())
        output = self.prepare()
        self.assertNotIn("Opening", output)
        self.assertIn("http://127.0.0.1:8000/", output)
        for person in PEOPLE:
            self.assertIn(person.email, output)

    @override_settings(DEBUG=True)
    def test_database_of_another_school_shows_no_demo_logins(self) -> None:
        factories.create_account("owner@example.com", "Olga")
        output = self.prepare()
        self.assertNotIn("alice@example.org", output)
        self.assertNotIn(PASSWORD, output)

    def test_with_debug_off_nothing_is_loaded_or_printed(self) -> None:
        self.assertEqual(self.prepare(), "")
        self.assertFalse(User.objects.exists())
