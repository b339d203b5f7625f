"""What an app writes down about its mails, in `<app>/mails.py`:

    MAILS = [Mail("users.activate", kind=Kind.TRANSACTIONAL, title="Activate your account",
                  context=activate_context, sample=activate_sample)]

The text is in `<app>/templates/mail/users/activate.md`: a line `Subject: …`, a blank line, and a Django template that
makes Markdown. `context(message)` is asked when the mail is made, so that links with a secret in them are never stored;
it only reads, and gives words, numbers, dates and lists or dicts of them. `sample()` gives the same for a preview.

What its mails are about is named there, too, with the page for it at the desk or in admin:

    ABOUT = {"order": AboutPage("Order {}", "desk_order", "billing.view_order")}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import TextChoices

if TYPE_CHECKING:
    from mailroom.models import Message


class Kind(TextChoices):
    """Why a mail is sent; the last two can be switched off by whoever gets them."""

    TRANSACTIONAL = "transactional", "About your account and your orders"
    CLASS = "class", "About your classes"
    PROMOTIONAL = "promotional", "News and offers"


OPTIONAL = [Kind.CLASS, Kind.PROMOTIONAL]


class Secret(str):
    """A word in a mail that only its reader may see, such as a voucher's code; links need no such mark."""

    __slots__ = ()


class NotNeeded(Exception):
    """Raised by a context: what the mail would tell is no longer so. Its text is kept as the reason."""


@dataclass(frozen=True)
class AboutPage:
    title: str
    view: str
    permission: str  # what the page requires besides entering the office
    has_id: bool = True  # False: one page for all of them


@dataclass(frozen=True)
class Mail:
    name: str
    kind: Kind
    title: str
    context: Callable[[Message], Mapping[str, Any]]
    sample: Callable[[], Mapping[str, Any]]

    @property
    def path(self) -> str:
        return f"mail/{self.name.replace('.', '/')}.md"
