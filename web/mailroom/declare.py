"""The declarations of mails. Each app declares its mails in `<app>/mails.py`:

    MAILS = [Mail("users.activate", "Activate your account", account_context, account_sample)]

The text is in `<app>/templates/mail/users/activate.md`: a line `Subject: …`, a blank line, and a Django template that
renders Markdown. The context function gets the message when the mail is rendered, so that links with a secret are never
stored. It must not change anything, and it returns text, numbers, dates, and lists or dicts of them. A value may also
be a function, which is called only if the text uses the value. For a preview, the sample function returns the same.

The app also declares the kinds of records that its mails are about, with their pages at the desk or in admin:

    ABOUT = {"order": AboutPage("Order {}", "desk_order", "billing.view_order")}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from mailroom.models import Message


class MailKind(TextChoices):
    """The reason for a mail. Its recipient can turn off the last two kinds."""

    TRANSACTIONAL = "transactional", _("About your account and your orders")
    CLASS = "class", _("About your classes")
    PROMOTIONAL = "promotional", _("News and offers")


OPTIONAL_KINDS = [MailKind.CLASS, MailKind.PROMOTIONAL]


class SecretText(str):
    """A text that only the recipient may see, such as a voucher code. Links are always treated as secret."""

    __slots__ = ()


class MailNotNeeded(Exception):
    """A context raises this when its mail is no longer true. The text is stored as the reason for not sending it."""


@dataclass(frozen=True)
class AboutPage:
    title: str | Promise
    view: str
    permission: str  # The page requires this permission in addition to access to the office.
    has_id: bool = True  # If False, all records share one page.


@dataclass(frozen=True)
class Mail:
    name: str
    title: str | Promise
    context: Callable[[Message], Mapping[str, Any]]
    sample: Callable[[], Mapping[str, Any]]
    kind: MailKind = MailKind.TRANSACTIONAL

    @property
    def path(self) -> str:
        return f"mail/{self.name.replace('.', '/')}.md"
