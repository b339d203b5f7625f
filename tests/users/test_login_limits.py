import re

from django.contrib.auth import hashers
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories
from tests.base import PASSWORD, SchoolTestCase, shape

VALUES = re.compile(r"'[^']*'|\"s\d+_x\d+\"")


class LoginAttemptLimitTest(SchoolTestCase):
    def attempt_login(self, email: str, password: str = "guessed", *, at: str = "192.0.2.1") -> HttpResponse:
        credentials = {"username": email, "password": password}
        return Client().post(reverse("login"), credentials, REMOTE_ADDR=at)

    def test_after_six_wrong_passwords_even_the_correct_one_is_refused_for_15_minutes(self) -> None:
        statuses = [self.attempt_login("alice@example.org").status_code for _ in range(6)]
        self.assertEqual(statuses, [200] * 5 + [429])
        answer = self.attempt_login("alice@example.org", PASSWORD)
        self.assertEqual((answer.status_code, answer["Retry-After"]), (429, "900"))
        self.assertContains(answer, "Please try again in 15 minutes", status_code=429)

    def test_guesses_from_another_network_address_do_not_lock_out_the_owner(self) -> None:
        for _ in range(8):
            self.attempt_login("alice@example.org", at="198.51.100.7")
        self.assertEqual(self.attempt_login("alice@example.org", PASSWORD).status_code, 302)

    def test_spelling_of_email_address_does_not_allow_extra_guesses(self) -> None:
        spellings = ["alice@example.org", "Alice@example.org", " ALICE@EXAMPLE.ORG "]
        statuses = [self.attempt_login(spellings[number % 3]).status_code for number in range(7)]
        self.assertEqual(statuses[-1], 429)

    def test_unknown_address_is_locked_out_like_a_known_one(self) -> None:
        known = [self.attempt_login("alice@example.org").status_code for _ in range(7)]
        unknown = [self.attempt_login("nobody@example.org").status_code for _ in range(7)]
        self.assertEqual(known, unknown)

    def test_successful_login_resets_failed_attempts(self) -> None:
        for _ in range(2):
            for _ in range(4):
                self.attempt_login("alice@example.org")
            self.assertEqual(self.attempt_login("alice@example.org", PASSWORD).status_code, 302)

    def test_one_network_address_is_limited_to_sixty_failed_logins_per_hour(self) -> None:
        for number in range(60):
            self.attempt_login(f"p{number}@example.org")
        self.assertEqual(self.attempt_login("alice@example.org", PASSWORD).status_code, 429)

    def test_known_unknown_closed_and_unconfirmed_accounts_cause_the_same_work(self) -> None:
        factories.create_account("closed@example.org", "Closed", password=PASSWORD, is_active=False)
        factories.create_account("new@example.org", "New")
        self.attempt_login("warm@example.org")
        measurements = [self.measure_work(name) for name in ("alice", "nobody", "closed", "new")]
        self.assertEqual(measurements, [measurements[0]] * 4)

    def measure_work(self, name: str) -> tuple[int, list[str], bytes]:
        """Return the hash count, the SQL statements and the page, without random tokens and typed values."""
        hash_calls: list[str] = []
        hasher_class = hashers.get_hasher().__class__
        encode = hasher_class.encode

        def counting_encode(self: object, *args: str, **kwargs: str) -> str:
            hash_calls.append(name)
            return encode(self, *args, **kwargs)  # type: ignore[arg-type]

        hasher_class.encode = counting_encode  # type: ignore[method-assign, assignment]
        self.addCleanup(setattr, hasher_class, "encode", encode)
        with CaptureQueriesContext(connection) as captured:
            response = self.attempt_login(f"{name}@example.org")
        hasher_class.encode = encode  # type: ignore[method-assign]
        page = response.content.replace(name.encode(), b"-")
        token = str(response.context["csrf_token"]).encode()
        return (
            len(hash_calls),
            [VALUES.sub("", shape(query["sql"])) for query in captured.captured_queries],
            page.replace(token, b"-"),
        )


class ContentSecurityPolicyTest(SchoolTestCase):
    def test_every_page_including_admin_has_strict_content_security_policy(self) -> None:
        self.log_in(self.ada)
        for name in ("home", "login", "admin:index", "admin:users_user_changelist"):
            policy = self.client.get(reverse(name), follow=True)["Content-Security-Policy"]
            self.assertIn("default-src 'self'", policy)
            self.assertNotIn("unsafe", policy)
