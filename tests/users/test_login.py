from django.test import override_settings
from django.urls import reverse

from common import demo, throttle
from tests import factories
from tests.base import PASSWORD, SchoolTestCase
from tests.users import mail_links
from users.domain import accounts


class LoginTest(SchoolTestCase):
    def log_in_with(self, email: str, password: str = PASSWORD, **fields: str) -> object:
        return self.client.post(reverse("login"), {"username": email, "password": password} | fields)

    def test_email_address_is_accepted_in_any_case_and_with_spaces(self) -> None:
        self.assertRedirects(self.log_in_with("  ALICE@example.Org "), reverse("profile_page"))

    def test_wrong_password_and_unknown_address_get_the_same_error(self) -> None:
        known = self.log_in_with(self.alice.email, "wrong")
        unknown = self.log_in_with("nobody@example.org", "wrong")
        self.assertEqual(known.context["form"].errors, unknown.context["form"].errors)
        self.assertContains(known, "Wrong email or password.")

    def test_closed_account_cannot_log_in(self) -> None:
        accounts.close_account(self.ada, self.alice)
        self.assertContains(self.log_in_with(self.alice.email), "Wrong email or password.")

    def test_login_redirects_to_requested_page_but_never_to_another_site(self) -> None:
        self.assertRedirects(self.log_in_with(self.alice.email, next=reverse("own_record")), reverse("own_record"))
        for elsewhere in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
            self.assertRedirects(self.log_in_with(self.alice.email, next=elsewhere), reverse("profile_page"))

    def test_successful_logins_do_not_count_toward_network_address_limit(self) -> None:
        self.fail_before_limit()
        for _ in range(3):
            self.assertRedirects(self.log_in_with(self.alice.email), reverse("profile_page"))
            self.client.logout()
        self.assertEqual(self.log_in_with("nobody@example.org", "wrong").status_code, 200)

    def test_network_address_is_blocked_after_sixty_failed_logins(self) -> None:
        self.fail_before_limit()
        self.log_in_with("nobody@example.org", "wrong")
        for password in ("wrong", PASSWORD):
            self.assertEqual(self.log_in_with(self.alice.email, password).status_code, 429)

    def fail_before_limit(self) -> None:
        for _ in range(59):
            throttle.count_attempt("login at 127.0.0.1", throttle.Rate(60, 3600))

    def test_logout_requires_post(self) -> None:
        self.log_in(self.alice)
        self.assertEqual(self.client.get(reverse("logout")).status_code, 405)
        self.client.post(reverse("logout"))
        self.assertRedirects(self.client.get(reverse("profile_page")), f"{reverse('login')}?next=/profile/")

    def test_changed_password_logs_out_other_browsers_and_is_confirmed_by_mail(self) -> None:
        this_browser, other_browser = self.browser_of(self.alice), self.browser_of(self.alice)
        new_passwords = {"new_password1": "much longer than before", "new_password2": "much longer than before"}
        page = this_browser.post(reverse("password_change"), {"old_password": PASSWORD} | new_passwords, follow=True)
        self.assertContains(page, "Your password is changed")
        self.assertEqual(other_browser.get(reverse("profile_page")).status_code, 302)
        self.assertIn("Your password was just changed", mail_links.last_mail(self.alice.email).body)

    def test_changing_password_requires_the_old_one(self) -> None:
        self.log_in(self.alice)
        new_passwords = {"new_password1": "much longer than before", "new_password2": "much longer than before"}
        page = self.client.post(reverse("password_change"), {"old_password": "guessed"} | new_passwords)
        self.assertIn("old_password", page.context["form"].errors)


class DemoLoginsTest(SchoolTestCase):
    def test_login_page_shows_no_demo_logins_when_debug_is_off(self) -> None:
        self.assertNotContains(self.client.get(reverse("login")), demo.PASSWORD)

    @override_settings(DEBUG=True)
    def test_login_page_of_demo_school_shows_demo_logins_when_debug_is_on(self) -> None:
        self.assertContains(self.client.get(reverse("login")), demo.PASSWORD)
        self.assertContains(self.client.get(reverse("login")), "tess@example.org")

    @override_settings(DEBUG=True)
    def test_login_page_shows_no_demo_logins_for_another_schools_database(self) -> None:
        self.tess.delete()
        factories.create_account("someone@example.org", "Someone")
        self.assertNotContains(self.client.get(reverse("login")), demo.PASSWORD)
