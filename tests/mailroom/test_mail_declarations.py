"""Checks of every mail that an app declares."""

import re
from pathlib import Path

from django.contrib.auth.models import Permission
from django.core.checks import Error
from django.test import SimpleTestCase, TestCase, modify_settings
from django.urls import reverse

from mailroom import checks, registry
from mailroom.declare import Mail, MailKind
from mailroom.domain import rendered_mail

WEB = Path(__file__).resolve().parents[2] / "web"


class DeclaredMailTest(TestCase):
    def test_every_declared_mail_can_be_rendered_with_its_sample_data(self) -> None:
        self.assertGreater(len(registry.declared_mails()), 0)
        for name, mail in registry.declared_mails().items():
            with self.subTest(name):
                rendered = rendered_mail.render_mail(mail, rendered_mail.shipped_mail_text(mail), mail.sample())
                self.assertNotIn("None", rendered.text)
                self.assertNotIn("\ue000", rendered.text + rendered.html + rendered.subject)

    def test_every_kind_of_record_that_a_mail_is_about_has_a_page_and_a_permission(self) -> None:
        sources = [path.read_text() for path in WEB.rglob("*.py") if "demo_lms" not in path.parts]
        about_types = {name for source in sources for name in re.findall(r'\babout ?= ?\("(\w+)"', source)}
        self.assertGreater(len(about_types), 5)
        self.assertEqual(about_types - set(registry.about_pages()), set())
        permissions = set(Permission.objects.values_list("content_type__app_label", "codename"))
        for page in registry.about_pages().values():
            self.assertTrue(reverse(page.view, args=["7"] if page.has_id else []))
            self.assertIn(tuple(page.permission.split(".")), permissions)

    def test_declared_mails_pass_the_system_check(self) -> None:
        self.assertEqual(checks.check_declared_mails(None), [])


@modify_settings(INSTALLED_APPS={"append": "tests.mailroom.plugin"})
class MailCheckTest(SimpleTestCase):
    def problems(self, *mails: Mail) -> list[str]:
        return [
            str(message.id) for mail in mails for message in checks.mail_problems(mail) if isinstance(message, Error)
        ]

    def test_mail_without_a_text_fails_the_system_check(self) -> None:
        mail_without_text = Mail(
            "choir.lost", kind=MailKind.CLASS, title="Lost", context=lambda message: {}, sample=dict
        )
        self.assertEqual(self.problems(mail_without_text), ["mailroom.E002"])

    def test_mail_name_declared_twice_is_reported(self) -> None:
        self.assertEqual(checks.check_declared_mails(None), [])
        mails = registry.mail_declarations()
        self.assertEqual(checks.names_used_twice([*mails, mails[0]]), [mails[0].name])
