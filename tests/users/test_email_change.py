from django.test import override_settings
from django.urls import reverse

from tests import factories
from tests.base import PASSWORD, SchoolTestCase
from tests.users import mail_links
from users.domain import email_changes
from users.errors import EmailTaken
from users.models import Student, User

NEW = "alice@new.example"


class EmailChangeTest(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.alice)

    def request_change(self, email: str = NEW, password: str = PASSWORD) -> object:
        return self.client.post(reverse("email_change"), {"email": email, "password": password}, follow=True)

    def confirmation_link(self, email: str = NEW) -> str:
        return mail_links.links_in(mail_links.last_mail(email), "/user/email/")[0]

    def test_new_address_takes_effect_after_confirmation_and_old_address_is_notified(self) -> None:
        self.request_change(" Alice@NEW.example ")
        self.alice.refresh_from_db()
        self.assertEqual(self.alice.email, "alice@example.org")
        path = self.confirmation_link()
        self.assertContains(self.client.get(path), "Use this address")
        self.client.post(path)
        self.alice.refresh_from_db()
        self.assertEqual((self.alice.email, self.alice.new_email), (NEW, ""))
        self.assertEqual(Student.objects.get(user=self.alice).email, NEW)
        self.assertIn("uses a different email address", mail_links.last_mail("alice@example.org").body)

    def test_opening_confirmation_link_changes_nothing(self) -> None:
        self.request_change()
        self.client.get(self.confirmation_link())
        self.alice.refresh_from_db()
        self.assertEqual(self.alice.email, "alice@example.org")

    def test_wrong_password_is_refused_and_typed_address_is_kept_in_form(self) -> None:
        page = self.request_change(password="guessed")
        self.assertIn("password", page.context["form"].errors)
        self.assertContains(page, f'value="{NEW}"')

    def test_confirmation_link_does_not_work_for_another_account(self) -> None:
        self.request_change()
        path = self.confirmation_link()
        self.assertRedirects(self.browser_of(None).get(path), f"{reverse('login')}?next={path}")
        stranger = self.browser_of(self.sam)
        self.assertContains(stranger.get(path), "This link isn’t valid")
        stranger.post(path)
        self.assertFalse(User.objects.filter(email=NEW).exists())

    def test_link_to_earlier_new_address_stops_working_after_second_request(self) -> None:
        self.request_change()
        path = self.confirmation_link()
        self.request_change("alice@third.example")
        self.client.post(path)
        self.alice.refresh_from_db()
        self.assertEqual(self.alice.email, "alice@example.org")

    def test_replaced_request_sends_no_mail_to_the_earlier_address(self) -> None:
        self.request_change()
        self.request_change("alice@third.example")
        self.assertEqual(mail_links.mails_to(NEW), [])

    def test_used_expired_and_broken_links_ask_for_the_new_address_again(self) -> None:
        self.request_change()
        path = self.confirmation_link()
        with override_settings(ACCOUNT_ACTIVATION_DAYS=-1):
            self.assertContains(self.client.get(path), "Enter the new address again")
        self.assertContains(self.client.get(path[:-3] + "/"), "Enter the new address again")
        self.client.post(path)
        self.assertContains(self.client.get(path), "Enter the new address again")

    def test_requester_is_not_told_that_address_is_taken_but_its_owner_is(self) -> None:
        free, taken = self.request_change(), self.request_change(self.sam.email)
        self.assertEqual(free.redirect_chain, taken.redirect_chain)
        mail = mail_links.last_mail(self.sam.email)
        self.assertIn("can’t be used twice", mail.body)
        self.assertEqual(mail_links.links_in(mail, "/user/email/"), [])

    def test_address_taken_before_confirmation_is_refused_with_explanation(self) -> None:
        self.request_change()
        path = self.confirmation_link()
        factories.create_account(NEW, "Quick")
        self.assertContains(self.client.post(path), "belongs to another account")
        with self.assertRaises(EmailTaken):
            email_changes.confirm_email(User.objects.get(pk=self.alice.pk), path.split("/")[3])

    def test_current_address_is_refused_as_new_address(self) -> None:
        self.assertIn("email", self.request_change("ALICE@example.org").context["form"].errors)
