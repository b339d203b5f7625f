from typing import Any

from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories
from tests.base import PASSWORD, SchoolTestCase
from tests.users import mail_links
from users.domain import account_links, accounts
from users.errors import AccountLinkInvalid
from users.models import User


def link_path(user: User) -> str:
    return account_links.password_link_url(user).removeprefix("http://testserver")


class PasswordLinkRequestTest(SchoolTestCase):
    def request_link(self, email: str) -> Any:
        return self.client.post(reverse("password_reset"), {"email": email}, follow=True)

    def test_forgotten_password_is_replaced_with_mailed_link(self) -> None:
        self.request_link(" Alice@EXAMPLE.org")
        page = mail_links.choose(self.client, mail_links.account_link(self.alice.email), "something else entirely")
        self.assertContains(page, "Your password is set")
        self.alice.refresh_from_db()
        self.assertTrue(self.alice.check_password("something else entirely"))
        self.assertIn("Your password was just changed", mail_links.last_mail(self.alice.email).body)

    def test_account_without_password_gets_a_link_to_set_its_first_one(self) -> None:
        walt = factories.create_account("walt@example.org", "Walt")
        self.request_link(walt.email)
        self.assertIn("doesn’t have a password yet", mail_links.last_mail(walt.email).body)
        self.assertContains(mail_links.choose(self.client, mail_links.account_link(walt.email)), "Your password is set")

    def test_unknown_address_gets_a_mail_saying_there_is_no_account(self) -> None:
        self.request_link("nobody@example.org")
        self.assertIn("there is no account with this email address", mail_links.last_mail("nobody@example.org").body)

    def test_known_unknown_and_closed_addresses_get_same_page_for_same_work(self) -> None:
        accounts.close_account(self.ada, self.sam)
        factories.create_account("walt@example.org", "Walt")
        self.request_link("first@example.org")
        answers = []
        for email in (self.alice.email, "walt@example.org", self.sam.email, "unknown@example.org"):
            with CaptureQueriesContext(connection) as queries:
                page = self.request_link(email)
            statements = [query["sql"].split(" ")[0] for query in queries.captured_queries]
            answers.append((page.redirect_chain, mail_links.masked(page), statements))
        self.assertEqual(answers[1:], answers[:-1])

    def test_repeated_requests_send_one_mail_a_day(self) -> None:
        for _ in range(3):
            self.request_link(self.alice.email)
        self.assertEqual(len(mail_links.mails_to(self.alice.email)), 1)

    def test_second_link_can_be_mailed_the_same_day_after_the_first_is_used(self) -> None:
        self.request_link(self.alice.email)
        mail_links.choose(self.client, mail_links.account_link(self.alice.email))
        self.request_link(self.alice.email)
        self.assertEqual(
            len([mail for mail in mail_links.mails_to(self.alice.email) if mail_links.links_in(mail, "/user/reset/")]),
            2,
        )

    def test_sixth_request_is_rate_limited_for_known_and_unknown_addresses(self) -> None:
        for email in (self.alice.email, "unknown@example.org"):
            answers = [self.request_link(email).status_code for _ in range(6)]
            self.assertEqual(answers, [200] * 5 + [429])

    def test_invalid_address_is_reported_beside_the_field(self) -> None:
        page = self.client.post(reverse("password_reset"), {"email": "alice"})
        self.assertFormError(page.context["form"], "email", "Enter a valid email address.")
        self.assertContains(page, 'value="alice"')


class AccountLinkTest(SchoolTestCase):
    def link_problem(self, path: str) -> Any:
        return mail_links.open_link(self.client, path).context["trouble"]

    def test_opening_link_changes_nothing_and_hides_token_from_url(self) -> None:
        path = link_path(self.alice)
        for _ in range(2):  # A mail program may open the link first.
            page = mail_links.open_link(self.client, path)
            self.assertContains(page, "Choose a new password")
        self.assertNotIn(path.split("/")[4], page.request["PATH_INFO"])
        self.alice.refresh_from_db()
        self.assertTrue(self.alice.check_password(PASSWORD))

    def test_used_link_offers_to_send_a_new_one(self) -> None:
        path = link_path(self.alice)
        mail_links.choose(self.client, path)
        self.client.logout()
        self.assertEqual(self.link_problem(path), account_links.LinkProblem.USED)
        page = self.client.post(reverse("link_again"), follow=True)
        self.assertContains(page, "Check your email")
        self.assertContains(
            mail_links.open_link(self.client, mail_links.account_link(self.alice.email)), "Choose a new password"
        )

    @override_settings(ACCOUNT_ACTIVATION_DAYS=-1)
    def test_expired_link_says_so_and_offers_to_send_a_new_one(self) -> None:
        page = mail_links.open_link(self.client, link_path(self.alice))
        self.assertContains(page, "This link has expired")
        self.assertContains(page, "Send a new link")

    def test_broken_link_explains_how_to_get_a_new_one(self) -> None:
        path = link_path(self.alice)
        for broken in (path[:-3] + "/", path.replace("/reset/", "/reset/x"), "/user/reset/!!/zzz/", path[:-1] + "a/"):
            with self.subTest(broken):
                page = mail_links.open_link(self.client, broken)
                self.assertContains(page, "This link doesn’t work")
                self.assertContains(page, reverse("password_reset"))

    def test_link_of_one_account_does_not_open_another(self) -> None:
        wrong_account_path = link_path(self.sam).replace(
            account_links.encoded_user_id(self.sam), account_links.encoded_user_id(self.alice), 1
        )
        self.assertEqual(self.link_problem(wrong_account_path), account_links.LinkProblem.BAD)

    def test_link_of_deleted_account_is_invalid(self) -> None:
        path = link_path(self.sam)
        self.sam.delete()
        self.assertEqual(self.link_problem(path), account_links.LinkProblem.BAD)

    def test_link_does_not_reopen_closed_account(self) -> None:
        page = mail_links.open_link(self.client, link_path(self.alice))
        accounts.close_account(self.ada, self.alice)
        new_passwords = {"new_password1": "a very new password", "new_password2": "a very new password"}
        self.client.post(page.request["PATH_INFO"], new_passwords)
        self.alice.refresh_from_db()
        self.assertFalse(self.alice.is_active)
        self.assertTrue(self.alice.check_password(PASSWORD))
        self.assertContains(mail_links.open_link(self.client, link_path(self.alice)), "This account is closed")
        self.assertNotIn("_auth_user_id", self.client.session)

    def test_link_sets_a_password_only_once(self) -> None:
        token = account_links.LinkTokens().make_token(self.alice)
        accounts.choose_password(self.alice, "the first wins here", token)
        with self.assertRaises(AccountLinkInvalid):
            accounts.choose_password(self.alice, "the second does not", token)

    def test_weak_password_is_refused_beside_the_field(self) -> None:
        page = mail_links.choose(self.client, link_path(self.alice), "12345678")
        self.assertIn("new_password2", page.context["form"].errors)

    def test_new_link_button_without_old_link_redirects_to_request_form(self) -> None:
        self.assertRedirects(self.client.post(reverse("link_again")), reverse("password_reset"))

    def test_office_can_send_links_without_daily_limit(self) -> None:
        for _ in range(2):
            accounts.send_link(self.ada, self.alice)
        self.assertEqual(len(mail_links.mails_to(self.alice.email)), 2)

    def test_delayed_mail_contains_a_link_created_when_it_is_sent(self) -> None:
        """The link is created when the mail is rendered for sending, not when somebody requests it."""
        account_links.mail_password_link(self.alice.email)
        self.alice.link_nonce = "another since"
        self.alice.save()
        self.assertContains(
            mail_links.open_link(self.client, mail_links.account_link(self.alice.email)), "Choose a new password"
        )
