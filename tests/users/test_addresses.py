"""Email addresses are stored in lowercase, with the domain in the form that DNS uses. Nothing else is changed."""

from django.core import mail
from django.test import SimpleTestCase
from django.urls import reverse

from common.names import email_key
from outbox.testing import run_all
from tests.base import SchoolTestCase
from users.models import User


class EmailKeyTest(SimpleTestCase):
    def test_email_key_normalizes_case_and_domain_and_is_idempotent(self) -> None:
        for typed, stored in (
            ("Alice@Example.ORG", "alice@example.org"),
            ("  alice@example.org ", "alice@example.org"),
            ("phish2@straße.de", "phish2@xn--strae-oqa.de"),
            ("phish2@STRASSE.de", "phish2@strasse.de"),
            ("groß@example.org", "groß@example.org"),
            ("a@bücher.example", "a@xn--bcher-kva.example"),
            ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
            ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
            ("ΣΊΣΥΦΟΣ@example.org", "σίσυφος@example.org"),
            ("no address", "no address"),
            ("a@-bad-.example", "a@-bad-.example"),
            ("a@" + "x" * 70 + ".example", "a@" + "x" * 70 + ".example"),
            ("a@b@example.org", "a@b@example.org"),
            ("", ""),
        ):
            with self.subTest(typed):
                self.assertEqual(email_key(typed), stored)
                self.assertEqual(email_key(stored), stored)


class SignUpAddressTest(SchoolTestCase):
    def test_link_is_mailed_to_typed_domain_and_not_to_look_alike_domain(self) -> None:
        self.client.post(reverse("signup"), {"first_name": "Phil", "email": "phil@straße.de"})
        run_all()
        self.assertEqual([message.to for message in mail.outbox], [["phil@xn--strae-oqa.de"]])

    def test_unicode_and_punycode_spellings_of_one_domain_share_one_account(self) -> None:
        for typed in ("phil@bücher.example", "PHIL@BÜCHER.example", "phil@xn--bcher-kva.example"):
            self.client.post(reverse("signup"), {"first_name": "Phil", "email": typed})
        self.assertEqual(User.objects.filter(email="phil@xn--bcher-kva.example").count(), 1)

    def test_look_alike_domains_get_separate_accounts(self) -> None:
        for typed in ("phil@straße.de", "phil@strasse.de", "phil@STRASSE.de"):
            self.client.post(reverse("signup"), {"first_name": "Phil", "email": typed})
        self.assertEqual(User.objects.filter(first_name="Phil").count(), 2)
