"""Rendering of mails for display. The text of a mail is not stored, so it is rendered again from current data."""

from django.conf import settings
from django.db import DatabaseError

from mailroom.declare import Mail, NotNeeded
from mailroom.domain import reader_links, rendering
from mailroom.domain.rendering import DoesNotRender, Letter, Text
from mailroom.models import Message
from mailroom.registry import UnknownMail, mail_named


class CannotBeShown(Exception):
    """The message explains why in a sentence."""


def shown(message: Message, *, masked: bool | None = None) -> Letter:
    """Secret links and codes are left out, because only the recipient may have them. In DEBUG they are shown."""
    hide = not settings.DEBUG if masked is None else masked
    try:
        mail = mail_named(message.template)
        footer = rendering.NO_FOOTER if hide else reader_links.footer(message)
        return rendering.render(mail, rendering.text_of(mail), mail.context(message), footer, masked=hide)
    except UnknownMail:
        raise CannotBeShown("No app declares this email anymore.") from None
    except NotNeeded as reason:
        raise CannotBeShown(str(reason) or "What it says is no longer true.") from None
    except DoesNotRender as error:
        raise CannotBeShown(str(error)) from None
    except DatabaseError:
        raise
    except Exception:
        raise CannotBeShown("The record it is about no longer exists.") from None


def preview(mail: Mail, subject: str, body: str) -> Letter:
    return rendering.render(mail, Text(subject, body, ours=False), mail.sample())
