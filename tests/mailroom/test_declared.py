"""Every mail that any app declares."""

import re
from pathlib import Path

from django.contrib.auth.models import Permission
from django.core.checks import Error
from django.test import SimpleTestCase, TestCase, modify_settings
from django.urls import reverse

from mailroom import checks, registry
from mailroom.declare import Mail, MailKind
from mailroom.domain import rendering

WEB = Path(__file__).resolve().parents[2] / "web"


class DeclaredTest(TestCase):
    def test_each_has_a_text_that_its_sample_fills(self) -> None:
        self.assertGreater(len(registry.declared_mails()), 0)
        for name, mail in registry.declared_mails().items():
            with self.subTest(name):
                letter = rendering.render_mail(mail, rendering.shipped_mail_text(mail), mail.sample())
                self.assertNotIn("None", letter.text)
                self.assertNotIn("\ue000", letter.text + letter.html + letter.subject)

    def test_what_a_mail_is_about_has_a_page(self) -> None:
        sources = [path.read_text() for path in WEB.rglob("*.py") if "demo_lms" not in path.parts]
        named = {name for source in sources for name in re.findall(r'\babout ?= ?\("(\w+)"', source)}
        self.assertGreater(len(named), 5)
        self.assertEqual(named - set(registry.about_pages()), set())
        permissions = set(Permission.objects.values_list("content_type__app_label", "codename"))
        for page in registry.about_pages().values():
            self.assertTrue(reverse(page.view, args=["7"] if page.has_id else []))
            self.assertIn(tuple(page.permission.split(".")), permissions)

    def test_the_site_is_content_with_them(self) -> None:
        self.assertEqual(checks.check_declared_mails(None), [])


@modify_settings(INSTALLED_APPS={"append": "tests.mailroom.plugin"})
class CheckTest(SimpleTestCase):
    def problems(self, *mails: Mail) -> list[str]:
        return [
            str(message.id) for mail in mails for message in checks.mail_problems(mail) if isinstance(message, Error)
        ]

    def test_a_mail_without_a_text_stops_the_site_from_starting(self) -> None:
        lost = Mail("choir.lost", kind=MailKind.CLASS, title="Lost", context=lambda message: {}, sample=dict)
        self.assertEqual(self.problems(lost), ["mailroom.E002"])

    def test_a_mail_declared_twice_stops_it_too(self) -> None:
        self.assertEqual(checks.check_declared_mails(None), [])
        mails = registry.mail_declarations()
        self.assertEqual(checks.names_used_twice([*mails, mails[0]]), [mails[0].name])
