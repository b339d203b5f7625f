"""What the office may do to one person or several, each with a page that says what will happen and asks why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from users.domain import accounts, privacy, second_factor
from users.models import User


@dataclass(frozen=True)
class Deed:
    key: str
    label: str  # on the button
    text: str  # what will happen
    done: str  # what to say afterwards
    do: Callable[[User, User, str], Any]
    fits: Callable[[User], bool]
    asks_why: bool = True
    permission: str = "users.change_user"
    danger: bool = False


def _send_link(actor: User, account: User, why: str) -> None:
    accounts.send_link(actor, account)


DEEDS = {
    deed.key: deed
    for deed in (
        Deed(
            key="send-link",
            label="Send a link",
            text="A mail goes out with a link to choose a password; links sent earlier stay good until one is used.",
            done="The link is on its way to {people}.",
            do=_send_link,
            fits=lambda account: account.is_active,
            asks_why=False,
        ),
        Deed(
            key="close",
            label="Close the account",
            text="Nobody can log in with it any more, and no link opens it. Places and payments stay as they are; only "
            "the office can open it again. The owner is told by mail.",
            done="Closed: {people}.",
            do=accounts.close,
            fits=lambda account: account.is_active,
            danger=True,
        ),
        Deed(
            key="reopen",
            label="Open the account again",
            text="The owner can log in again, with the password of before.",
            done="Open again: {people}.",
            do=accounts.reopen,
            fits=lambda account: not account.is_active,
        ),
        Deed(
            key="second-factor",
            label="Take off the second factor",
            text="For somebody who has lost both telephone and recovery codes. Until a new one is set up, the password "
            "alone opens the account: make sure that it is really them who ask.",
            done="The second factor is off for {people}.",
            do=second_factor.remove,
            fits=lambda account: second_factor.device_of(account) is not None,
            danger=True,
        ),
        Deed(
            key="erase",
            label="Erase the person",
            text="Name, address, notes and whatever else tells who this was is erased for good, also for those in this "
            "person's care. What the books need stays, without a name. This cannot be undone.",
            done="Erased.",
            do=privacy.erase,
            fits=lambda account: not account.email.endswith("@erased.invalid"),
            permission="users.handle_privacy",
            danger=True,
        ),
    )
}


def fitting(actor: User, account: User) -> list[Deed]:
    return [deed for deed in DEEDS.values() if actor.has_perm(deed.permission) and deed.fits(account)]


def named(people: Sequence[User]) -> str:
    return ", ".join(str(person) for person in people)
