from typing import Any

from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as PropertyTestCase

from common import names
from tests.base import SchoolTestCase
from tests.users import mail_links
from users.domain import accounts
from users.forms.signup import SignUpForm
from users.models import Consent, User

NEW = "nia@example.org"


def sign_up_data(email: str = NEW, **fields: Any) -> dict[str, Any]:
    return {"first_name": "Nia", "last_name": "Novak", "email": email, "terms": "on", "privacy": "on"} | fields


@override_settings(CONSENT_VERSIONS="tests.users.consent_versions.first")
class SignUpTest(SchoolTestCase):
    def sign_up(self, email: str = NEW, **fields: Any) -> Any:
        return self.client.post(reverse("signup"), sign_up_data(email, **fields), follow=True)

    def test_form_has_no_password_field(self) -> None:
        form = self.client.get(reverse("signup")).context["form"]
        self.assertEqual(list(form.fields), ["first_name", "last_name", "email", "terms", "privacy"])

    def test_newcomer_signs_up_follows_link_and_is_logged_in(self) -> None:
        self.assertContains(self.sign_up(), "Check your email")
        page = mail_links.choose(self.client, mail_links.account_link(NEW))
        self.assertContains(page, "Your password is set")
        nia = User.objects.get(email=NEW)
        self.assertEqual(page.context["user"], nia)
        self.assertTrue(nia.check_password("a very new password"))
        self.assertIsNotNone(nia.email_confirmed_at)

    def test_consents_are_recorded_when_the_address_is_confirmed(self) -> None:
        self.sign_up()
        self.assertFalse(Consent.objects.exists())
        mail_links.choose(self.client, mail_links.account_link(NEW))
        consents = Consent.objects.filter(user__email=NEW).values_list("kind", "version")
        self.assertEqual(sorted(consents), [("privacy", "1"), ("terms", "1")])
        self.assertEqual(User.objects.get(email=NEW).signup_consents, {})

    def test_recorded_consent_has_the_version_shown_at_sign_up(self) -> None:
        self.assertContains(self.client.get(reverse("signup")), "terms of use (version 1)")
        self.sign_up()
        with override_settings(CONSENT_VERSIONS="tests.users.consent_versions.second"):
            mail_links.choose(self.client, mail_links.account_link(NEW))
            self.assertContains(self.client.get(reverse("profile_page")), "terms of use (version 2031-04)")
        self.assertTrue(Consent.objects.filter(kind="terms", version="1").exists())

    @override_settings(CONSENT_VERSIONS="tests.users.consent_versions.none")
    def test_no_consent_is_requested_when_no_texts_are_published(self) -> None:
        self.assertNotContains(self.client.get(reverse("signup")), "I agree")
        self.sign_up()
        self.assertTrue(User.objects.filter(email=NEW).exists())

    def test_missing_consent_is_refused_and_typed_data_is_kept_in_form(self) -> None:
        page = self.client.post(reverse("signup"), sign_up_data(terms=""))
        self.assertContains(page, "Please check this box if you agree to the terms of use.")
        self.assertContains(page, 'value="Nia"')
        self.assertFalse(User.objects.filter(email=NEW).exists())

    def test_known_and_unknown_addresses_get_same_page_for_same_work(self) -> None:
        self.sign_up("first@example.org")  # Fills the permanent caches.
        answers = []
        for email in (self.alice.email, "unknown@example.org"):
            with CaptureQueriesContext(connection) as queries:
                page = self.sign_up(email)
            statements = [query["sql"].split(" ")[0] for query in queries.captured_queries]
            # Whether a throttle also deletes expired counters depends on the hash of its key.
            statements = [statement for statement in statements if statement != "DELETE"]
            answers.append((page.redirect_chain, mail_links.masked(page), statements))
        self.assertEqual(*answers)

    def test_owner_of_known_address_is_notified_and_account_is_unchanged(self) -> None:
        self.sign_up(self.alice.email, first_name="Mallory")
        self.alice.refresh_from_db()
        self.assertEqual(self.alice.first_name, "Alice")
        self.assertEqual(self.alice.signup_consents, {})
        self.assertIn("You already have an account", mail_links.last_mail(self.alice.email).body)

    def test_known_address_is_recognized_in_any_case_and_with_spaces(self) -> None:
        self.sign_up("  ALICE@Example.ORG ")
        self.assertEqual(User.objects.filter(email__iexact=self.alice.email).count(), 1)
        self.assertEqual(len(mail_links.mails_to(self.alice.email)), 1)

    def test_repeated_sign_ups_send_one_mail_a_day(self) -> None:
        for _ in range(3):
            self.sign_up(self.alice.email)
        self.assertEqual(len(mail_links.mails_to(self.alice.email)), 1)

    def test_signing_up_does_not_reopen_a_closed_account(self) -> None:
        accounts.close_account(self.ada, self.alice)
        self.sign_up(self.alice.email)
        mail = mail_links.last_mail(self.alice.email)
        self.assertIn("is closed", mail.body)
        self.assertEqual(mail_links.links_in(mail, "/user/reset/"), [])

    @override_settings(REGISTRATION_OPEN=False)
    def test_sign_up_can_be_turned_off(self) -> None:
        self.assertRedirects(self.sign_up(), reverse("signup_closed"))
        self.assertFalse(User.objects.filter(email=NEW).exists())

    def test_logged_in_user_is_redirected_to_the_profile(self) -> None:
        self.log_in(self.alice)
        self.assertRedirects(self.client.get(reverse("signup")), reverse("profile_page"))

    def test_markup_in_name_is_shown_as_text(self) -> None:
        self.sign_up(first_name="<b>Bo</b>")
        page = mail_links.choose(self.client, mail_links.account_link(NEW))
        self.assertNotContains(page, "<b>Bo</b>")
        self.assertNotIn("<b>Bo</b>", mail_links.last_mail(NEW).alternatives[0][0])


TYPED_NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(
    lambda typed: typed.strip() and not names.has_web_address(typed)
)


@override_settings(CONSENT_VERSIONS="tests.users.consent_versions.none")
class SignUpNameTest(PropertyTestCase):
    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(TYPED_NAMES)
    def test_names_in_any_script_are_stored_as_typed(self, typed: str) -> None:
        form = SignUpForm(sign_up_data(first_name=f"  {typed} "))
        self.assertEqual(form.errors, {})
        accounts.prepare_account("any@example.org", form.cleaned_data["first_name"])
        self.assertEqual(User.objects.get(email="any@example.org").first_name, names.tidy_name(typed))

    def test_look_alike_names_are_accepted(self) -> None:
        for name in ("Αlice", "Аlice", "李小龍", "مريم", "O’Brien-Žižek", "Ṱshilidzi"):  # Greek, Cyrillic, …
            with self.subTest(name):
                form = SignUpForm(sign_up_data(first_name=name))
                self.assertTrue(form.is_valid(), form.errors)
                self.assertEqual(form.cleaned_data["first_name"], name)
