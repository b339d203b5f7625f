"""Two browsers act at the same moment, each on its own database connection."""

from django.test import TransactionTestCase, tag

from mailroom.models import Message
from tests import factories
from tests.racing import run_at_once
from users.domain import account_links, accounts, email_changes
from users.errors import EmailTaken
from users.models import User


@tag("postgres")
class RaceTest(TransactionTestCase):
    def test_one_link_used_in_four_browsers_at_once_sets_one_password(self) -> None:
        alice = factories.create_account("alice@example.org", "Alice")
        token = account_links.LinkTokens().make_token(alice)
        outcomes = run_at_once(*[lambda n=n: accounts.choose_password(alice, f"password {n}", token) for n in range(4)])
        self.assertEqual(sorted(type(outcome).__name__ for outcome in outcomes), ["AccountLinkInvalid"] * 3 + ["User"])

    def test_simultaneous_sign_ups_with_one_address_create_one_account_and_send_one_mail(self) -> None:
        outcomes = run_at_once(*[lambda: accounts.sign_up("new@example.org", "New", "", {})] * 4)
        self.assertEqual(outcomes, [None] * 4)
        self.assertEqual(User.objects.filter(email="new@example.org").count(), 1)
        self.assertEqual(Message.objects.filter(to="new@example.org").count(), 1)

    def test_address_confirmed_by_two_accounts_at_once_is_given_to_one_of_them(self) -> None:
        people = [factories.create_account(f"{name}@example.org", name) for name in ("alice", "sam")]
        for person in people:
            email_changes.request_email_change(person, "shared@example.org")
        tokens = [email_changes.email_confirmation_url(person).split("/")[-2] for person in people]
        outcomes = run_at_once(
            *[lambda p=p, t=t: email_changes.confirm_email(p, t) for p, t in zip(people, tokens, strict=True)]
        )
        self.assertEqual(sum(isinstance(outcome, EmailTaken) for outcome in outcomes), 1, outcomes)
        self.assertEqual(User.objects.filter(email="shared@example.org").count(), 1)
