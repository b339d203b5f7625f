from typing import Any

from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import make
from tests.base import PASSWORD, SchoolTestCase
from tests.users import post
from users.domain import account_links, accounts
from users.models import User


def path_of(user: User) -> str:
    return account_links.password_link_url(user).removeprefix("http://testserver")


class AskTest(SchoolTestCase):
    def ask(self, email: str) -> Any:
        return self.client.post(reverse("password_reset"), {"email": email}, follow=True)

    def test_a_forgotten_password_is_chosen_anew(self) -> None:
        self.ask(" Alice@EXAMPLE.org")
        page = post.choose(self.client, post.account_link(self.alice.email), "something else entirely")
        self.assertContains(page, "Your password is set")
        self.alice.refresh_from_db()
        self.assertTrue(self.alice.check_password("something else entirely"))
        self.assertIn("Your password was just changed", post.last_mail(self.alice.email).body)

    def test_an_account_without_a_password_gets_a_link_too(self) -> None:
        walt = make.account("walt@example.org", "Walt")
        self.ask(walt.email)
        self.assertIn("doesn’t have a password yet", post.last_mail(walt.email).body)
        self.assertContains(post.choose(self.client, post.account_link(walt.email)), "Your password is set")

    def test_an_unknown_address_is_told_by_mail_only(self) -> None:
        self.ask("nobody@example.org")
        self.assertIn("there is no account with this email address", post.last_mail("nobody@example.org").body)

    def test_known_unknown_and_closed_addresses_get_the_same_bytes_for_the_same_work(self) -> None:
        accounts.close_account(self.ada, self.sam)
        make.account("walt@example.org", "Walt")
        self.ask("first@example.org")
        answers = []
        for email in (self.alice.email, "walt@example.org", self.sam.email, "unknown@example.org"):
            with CaptureQueriesContext(connection) as asked:
                page = self.ask(email)
            statements = [query["sql"].split(" ")[0] for query in asked.captured_queries]
            answers.append((page.redirect_chain, post.masked(page), statements))
        self.assertEqual(answers[1:], answers[:-1])

    def test_strangers_cause_one_mail_a_day(self) -> None:
        for _ in range(3):
            self.ask(self.alice.email)
        self.assertEqual(len(post.mails_to(self.alice.email)), 1)

    def test_once_the_owner_has_used_the_link_another_may_go_the_same_day(self) -> None:
        self.ask(self.alice.email)
        post.choose(self.client, post.account_link(self.alice.email))
        self.ask(self.alice.email)
        self.assertEqual(len([m for m in post.mails_to(self.alice.email) if post.links_in(m, "/user/reset/")]), 2)

    def test_whoever_asks_too_often_is_told_when_to_come_back_whether_the_address_is_known_or_not(self) -> None:
        for email in (self.alice.email, "unknown@example.org"):
            answers = [self.ask(email).status_code for _ in range(6)]
            self.assertEqual(answers, [200] * 5 + [429])

    def test_an_address_that_is_none_is_said_beside_the_field(self) -> None:
        page = self.client.post(reverse("password_reset"), {"email": "alice"})
        self.assertFormError(page.context["form"], "email", "Enter a valid email address.")
        self.assertContains(page, 'value="alice"')


class LinkTest(SchoolTestCase):
    def trouble(self, path: str) -> Any:
        return post.open_link(self.client, path).context["trouble"]

    def test_opening_a_link_changes_nothing_and_hides_the_token(self) -> None:
        path = path_of(self.alice)
        for _ in range(2):  # a mail program may look first
            page = post.open_link(self.client, path)
            self.assertContains(page, "Choose a new password")
        self.assertNotIn(path.split("/")[4], page.request["PATH_INFO"])
        self.alice.refresh_from_db()
        self.assertTrue(self.alice.check_password(PASSWORD))

    def test_a_used_link_offers_a_new_one_at_the_press_of_a_button(self) -> None:
        path = path_of(self.alice)
        post.choose(self.client, path)
        self.client.logout()
        self.assertEqual(self.trouble(path), account_links.LinkProblem.USED)
        page = self.client.post(reverse("link_again"), follow=True)
        self.assertContains(page, "Check your email")
        self.assertContains(post.open_link(self.client, post.account_link(self.alice.email)), "Choose a new password")

    @override_settings(ACCOUNT_ACTIVATION_DAYS=-1)
    def test_an_old_link_says_that_it_is_too_old(self) -> None:
        page = post.open_link(self.client, path_of(self.alice))
        self.assertContains(page, "This link has expired")
        self.assertContains(page, "Send a new link")

    def test_a_mangled_link_says_what_to_do(self) -> None:
        path = path_of(self.alice)
        for broken in (path[:-3] + "/", path.replace("/reset/", "/reset/x"), "/user/reset/!!/zzz/", path[:-1] + "a/"):
            with self.subTest(broken):
                page = post.open_link(self.client, broken)
                self.assertContains(page, "This link doesn’t work")
                self.assertContains(page, reverse("password_reset"))

    def test_a_link_for_one_account_does_not_fit_another(self) -> None:
        foreign = path_of(self.sam).replace(
            account_links.encoded_user_id(self.sam), account_links.encoded_user_id(self.alice), 1
        )
        self.assertEqual(self.trouble(foreign), account_links.LinkProblem.BAD)

    def test_a_link_does_not_outlive_its_account(self) -> None:
        path = path_of(self.sam)
        self.sam.delete()
        self.assertEqual(self.trouble(path), account_links.LinkProblem.BAD)

    def test_no_link_revives_a_closed_account(self) -> None:
        page = post.open_link(self.client, path_of(self.alice))
        accounts.close_account(self.ada, self.alice)
        new = {"new_password1": "a very new password", "new_password2": "a very new password"}
        self.client.post(page.request["PATH_INFO"], new)
        self.alice.refresh_from_db()
        self.assertFalse(self.alice.is_active)
        self.assertTrue(self.alice.check_password(PASSWORD))
        self.assertContains(post.open_link(self.client, path_of(self.alice)), "This account is closed")
        self.assertNotIn("_auth_user_id", self.client.session)

    def test_two_browsers_with_one_link_set_one_password(self) -> None:
        token = account_links.LinkTokens().make_token(self.alice)
        accounts.choose_password(self.alice, "the first wins here", token)
        with self.assertRaises(account_links.AccountLinkInvalid):
            accounts.choose_password(self.alice, "the second does not", token)

    def test_a_weak_password_is_refused_beside_the_field(self) -> None:
        page = post.choose(self.client, path_of(self.alice), "12345678")
        self.assertIn("new_password2", page.context["form"].errors)

    def test_the_button_without_an_old_link_leads_to_the_form(self) -> None:
        self.assertRedirects(self.client.post(reverse("link_again")), reverse("password_reset"))

    def test_the_office_may_send_a_link_as_often_as_it_likes(self) -> None:
        for _ in range(2):
            accounts.send_link(self.ada, self.alice)
        self.assertEqual(len(post.mails_to(self.alice.email)), 2)

    def test_a_mail_sent_late_carries_a_link_made_late(self) -> None:
        """The age counts from when the mail was rendered, not from when it was asked for."""
        account_links.mail_password_link(self.alice.email)
        self.alice.link_nonce = "another since"
        self.alice.save()
        self.assertContains(post.open_link(self.client, post.account_link(self.alice.email)), "Choose a new password")
