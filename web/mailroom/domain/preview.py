"""Rendering of mails for display. The text of a mail is not stored, so it is rendered again from current data."""

from django.conf import settings
from django.db import DatabaseError

from mailroom.declare import Mail, MailNotNeeded
from mailroom.domain import reader_links, rendered_mail
from mailroom.domain.rendered_mail import MailText, RenderedMail
from mailroom.errors import MailUnavailable
from mailroom.models import Message
from mailroom.registry import UnknownMail, mail_named


@rendered_mail.language_of_mails()
def render_sent_mail(message: Message, *, masked: bool | None = None) -> RenderedMail:
    """Secret links and codes are left out, because only the recipient may have them. In DEBUG they are shown."""
    hide = not settings.DEBUG if masked is None else masked
    try:
        mail = mail_named(message.template)
        footer = rendered_mail.NO_FOOTER if hide else reader_links.footer_links(message)
        return rendered_mail.render_mail(
            mail, rendered_mail.mail_text_of(mail), mail.context(message), footer, masked=hide
        )
    except UnknownMail:
        raise MailUnavailable("No app declares this email anymore.") from None
    except MailNotNeeded as reason:
        raise MailUnavailable(str(reason) or "What it says is no longer true.") from None
    except (DatabaseError, MailUnavailable):
        raise
    except Exception:
        raise MailUnavailable("The record it is about no longer exists.") from None


@rendered_mail.language_of_mails()
def preview_mail(mail: Mail, subject: str, body: str) -> RenderedMail:
    return rendered_mail.render_mail(mail, MailText(subject, body, ours=False), mail.sample())
