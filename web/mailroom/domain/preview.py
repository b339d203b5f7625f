"""Mails as they read today. Their words are not stored, so they are made again from what the mail told of."""

from django.conf import settings
from django.db import DatabaseError

from mailroom.declare import Mail, NotNeeded
from mailroom.domain import reader_links, rendering
from mailroom.domain.rendering import DoesNotRender, Letter, Text
from mailroom.models import Message
from mailroom.registry import UnknownMail, mail_named


class CannotBeShown(Exception):
    """Why, in a sentence."""


def shown(message: Message, *, masked: bool | None = None) -> Letter:
    """As its reader saw it, but for keys and codes, which only its reader may have; a developer sees them all."""
    hide = not settings.DEBUG if masked is None else masked
    try:
        mail = mail_named(message.template)
        footer = rendering.NO_FOOTER if hide else reader_links.footer(message)
        return rendering.render(mail, rendering.text_of(mail), mail.context(message), footer, masked=hide)
    except UnknownMail:
        raise CannotBeShown("No app declares this email anymore.") from None
    except NotNeeded as reason:
        raise CannotBeShown(str(reason) or "What it says is no longer true.") from None
    except DoesNotRender as wrong:
        raise CannotBeShown(str(wrong)) from None
    except DatabaseError:
        raise
    except Exception:
        raise CannotBeShown("What it was about no longer exists.") from None


def preview(mail: Mail, subject: str, body: str) -> Letter:
    """With the mail's own sample; `DoesNotRender` says what is wrong with the text."""
    return rendering.render(mail, Text(subject, body, ours=False), mail.sample())
