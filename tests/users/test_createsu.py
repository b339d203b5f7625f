from io import StringIO

from django.core.management import CommandError, call_command
from django.test import override_settings

from history.models import Entry
from tests.base import SchoolTestCase
from users.models import User

SUPERUSER_SETTINGS = {
    "SUPERUSER_EMAIL": "Root@Example.org",
    "SUPERUSER_FIRST_NAME": "Rosa",
    "SUPERUSER_LAST_NAME": "Root",
    "SUPERUSER_PASSWORD": "open sesame please",
}


def run_createsu() -> str:
    stdout = StringIO()
    call_command("createsu", stdout=stdout)
    return stdout.getvalue()


class CreatesuTest(SchoolTestCase):
    @override_settings(**SUPERUSER_SETTINGS)
    def test_second_run_creates_no_other_superuser_and_output_hides_password(self) -> None:
        output = run_createsu() + run_createsu()
        rosa = User.objects.get(email="root@example.org")
        self.assertTrue(rosa.is_superuser and rosa.is_staff and rosa.check_password("open sesame please"))
        self.assertNotIn("sesame", output)
        self.assertEqual(Entry.objects.filter(action="users.superuser_made").count(), 1)

    @override_settings(**SUPERUSER_SETTINGS)
    def test_second_run_keeps_a_changed_password(self) -> None:
        run_createsu()
        rosa = User.objects.get(email="root@example.org")
        rosa.set_password("another one entirely")
        rosa.save()
        run_createsu()
        self.assertTrue(User.objects.get(pk=rosa.pk).check_password("another one entirely"))

    @override_settings(**SUPERUSER_SETTINGS | {"SUPERUSER_EMAIL": "sam@example.org"})
    def test_existing_account_becomes_superuser_and_keeps_its_password(self) -> None:
        before = self.sam.password
        run_createsu()
        sam = User.objects.get(pk=self.sam.pk)
        self.assertEqual((sam.is_superuser, sam.password), (True, before))

    @override_settings(**SUPERUSER_SETTINGS | {"SUPERUSER_PASSWORD": ""})
    def test_superuser_without_configured_password_is_told_to_ask_for_a_link(self) -> None:
        self.assertIn("ask for a link", run_createsu())
        self.assertFalse(User.objects.get(email="root@example.org").has_usable_password())

    @override_settings(SUPERUSER_EMAIL="")
    def test_without_email_setting_command_succeeds_and_creates_nobody(self) -> None:
        self.assertIn("SUPERUSER_EMAIL is not set", run_createsu())
        self.assertFalse(User.objects.filter(is_superuser=True).exists())

    @override_settings(SUPERUSER_EMAIL="nobody")
    def test_error_about_invalid_email_names_the_setting(self) -> None:
        with self.assertRaisesMessage(CommandError, "SUPERUSER_EMAIL"):
            run_createsu()


class CreatesuperuserTest(SchoolTestCase):
    def test_command_takes_email_and_name(self) -> None:
        call_command(
            "createsuperuser", interactive=False, email="Uma@Example.org", first_name="Uma", last_name="U.", verbosity=0
        )
        uma = User.objects.get(email="uma@example.org")
        self.assertEqual((uma.is_superuser, str(uma)), (True, "Uma U."))
