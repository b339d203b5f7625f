"""What the office can do with one or more accounts. Each action has a page that says what will happen and asks why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from users.domain import accounts, privacy, second_factor
from users.models import User


@dataclass(frozen=True)
class AccountAction:
    key: str
    label: str | Promise
    text: str | Promise
    """It says what will happen."""
    done: str | Promise
    """It says what has happened, with the names in place of {people}."""
    do: Callable[[User, User, str], Any]
    fits: Callable[[User], bool]
    asks_why: bool = True
    permission: str = "users.change_user"
    danger: bool = False


ACCOUNT_ACTIONS = {
    action.key: action
    for action in (
        AccountAction(
            key="send-link",
            label=_("Send password link"),
            text=_("An email with a link to choose a password is sent. Earlier links stay valid until one is used."),
            done=_("A password link is being emailed to {people}."),
            do=lambda actor, account, why: accounts.send_link(actor, account),
            fits=lambda account: account.is_active,
            asks_why=False,
        ),
        AccountAction(
            key="close",
            label=_("Close account"),
            text=_(
                "No one can log in to this account, and no link reopens it. Registrations and payments stay as they "
                "are. Only the office can reopen it. The owner gets an email."
            ),
            done=_("Closed: {people}."),
            do=accounts.close_account,
            fits=lambda account: account.is_active,
            danger=True,
        ),
        AccountAction(
            key="reopen",
            label=_("Reopen account"),
            text=_("The owner can log in again with the previous password."),
            done=_("Reopened: {people}."),
            do=accounts.reopen_account,
            fits=lambda account: not account.is_active,
        ),
        AccountAction(
            key="second-factor",
            label=_("Turn off two-step verification"),
            text=_(
                "For someone who has lost both phone and recovery codes. Until a new one is set up, the password "
                "alone opens the account, so make sure the request really comes from the owner."
            ),
            done=_("Two-step verification is off for {people}."),
            do=second_factor.remove_second_factor,
            fits=lambda account: second_factor.device_of(account) is not None,
            danger=True,
        ),
        AccountAction(
            key="erase",
            label=_("Erase person"),
            text=_(
                "Name, email, notes and everything else that identifies this person is erased permanently, also for "
                "students in this person's care. Bookkeeping records stay, without a name. This cannot be undone."
            ),
            done=_("Erased."),
            do=privacy.erase_person,
            fits=lambda account: not account.email.endswith("@erased.invalid"),
            permission="users.handle_privacy",
            danger=True,
        ),
    )
}


def available_actions(actor: User, account: User) -> list[AccountAction]:
    return [action for action in ACCOUNT_ACTIONS.values() if actor.has_perm(action.permission) and action.fits(account)]


def joined_names(people: Sequence[User]) -> str:
    return ", ".join(str(person) for person in people)
