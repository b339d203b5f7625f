"""Sending of messages, many over one connection, each at most once."""

import logging
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import DatabaseError
from django.utils.crypto import salted_hmac

from common.errors import Temporary
from mailroom.declare import Mail, NotNeeded
from mailroom.domain import bounces, reader_links, rendering, ses_notices, transitions
from mailroom.domain.rendering import DoesNotRender, Letter, Text
from mailroom.domain.smtp_errors import Answer, Verdict, judge, sentence
from mailroom.domain.suppression import Barriers
from mailroom.models import Message, State
from mailroom.registry import UnknownMail, mail_named
from outbox.causation import new_id

log = logging.getLogger("mailroom")


class Line:
    """A connection to the mail server. It is opened when the first message is ready, and again if it breaks."""

    def __init__(self) -> None:
        self.connection: Any = get_connection()
        self.lease = new_id()

    def open(self) -> None:
        try:
            self.connection.open()
        except Exception as error:
            self.close()
            raise Temporary(f"The mail server cannot be reached. {sentence(error)}") from error

    def send(self, mail: EmailMultiAlternatives) -> Verdict | None:
        """Return None if the server has accepted the mail."""
        try:
            self.connection.send_messages([mail])
        except Exception as error:
            verdict = judge(error, self.connection)
            if verdict.broken:
                self.close()
            return verdict
        return None

    def close(self) -> None:
        with suppress(Exception):
            self.connection.close()
        if hasattr(self.connection, "connection"):
            self.connection.connection = None


class Round:
    """The messages of a batch, with the suppressions, preferences and texts for all of them loaded together."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.messages = Message.objects.in_bulk(ids)
        queued = [message for message in self.messages.values() if message.state == State.QUEUED]
        self.barriers = Barriers({message.to for message in queued})
        self.texts = rendering.texts({message.template for message in queued})

    def text_of(self, mail: Mail) -> Text:
        return self.texts.get(mail.name) or rendering.standard(mail)


def send(ids: Sequence[int]) -> Generator[Exception | None]:
    """Yield for each message None if nothing is left to do for it, or an exception if it should be tried again."""
    batch = Round(ids)
    with closing(Line()) as mail_connection:
        for pk in ids:
            message = batch.messages.get(pk)
            rendered = letter_for(message, batch) if message is not None else None
            yield None if message is None or rendered is None else hand_over(message, rendered, mail_connection)


def letter_for(message: Message, batch: Round) -> Letter | None:
    """Render a message. If it cannot or need not be sent, store the reason in the message and return None."""
    if message.state != State.QUEUED:
        return None
    if reason := batch.barriers.against(message.to, message.kind):
        transitions.suppress(message, reason)
        return None
    try:
        mail = mail_named(message.template)
        context = mail.context(message)
        return rendering.render(mail, batch.text_of(mail), context, reader_links.footer(message))
    except NotNeeded as reason:
        transitions.suppress(message, str(reason) or "It is no longer needed.")
    except UnknownMail:
        transitions.park(message, "No app declares this email anymore.")
    except DoesNotRender as error:
        part = "Its subject" if error.part == "subject" else "Its text"
        transitions.park(message, f"{part} cannot be rendered. {error}")
    except DatabaseError:
        raise
    except Exception as error:
        log.warning("Message %s: its context failed with %s.", message.pk, type(error).__name__)
        transitions.park(message, f"The record it is about can’t be found ({type(error).__name__}).")
    return None


def hand_over(message: Message, rendered: Letter, mail_connection: Line) -> Exception | None:
    mail_connection.open()
    if not transitions.begin(message, mail_connection.lease, rendered.masked_subject):
        return None
    mail = as_mail(message, rendered, mail_connection.connection)
    verdict = mail_connection.send(mail)
    if verdict is None:
        transitions.sent(message, mail_connection.lease, str(mail.extra_headers.get("message_id", "")))
        return None
    return settle(message, mail_connection.lease, verdict)


def settle(message: Message, lease: str, verdict: Verdict) -> Exception | None:
    log.warning("Message %s: %s", message.pk, verdict.reason)
    match verdict.answer:
        case Answer.PERHAPS:
            transitions.perhaps(message, lease, verdict.reason)
        case Answer.NO_SUCH_ADDRESS:
            bounces.bounced(message, verdict.reason)
        case Answer.LATER if Message.objects.get(pk=message.pk).tries < settings.OUTBOX_TRIES:
            transitions.put_back(message, lease, verdict.reason)
            return Temporary(verdict.reason)
        case _:
            transitions.refused(message, lease, verdict.reason)
    return None


def as_mail(message: Message, rendered: Letter, connection: Any) -> EmailMultiAlternatives:
    mail = EmailMultiAlternatives(
        subject=rendered.subject,
        body=rendered.text,
        to=[message.to],
        reply_to=[settings.OFFICE_EMAIL] if settings.OFFICE_EMAIL else None,
        headers=headers(message, rendered),
        connection=connection,
    )
    mail.attach_alternative(rendered.html, "text/html")
    return mail


def headers(message: Message, rendered: Letter) -> dict[str, str]:
    # The Message-ID stays the same within a round of sending, so that servers can recognize duplicates.
    unique = salted_hmac("mailroom.message_id", f"{message.pk}:{message.rounds}").hexdigest()[:32]
    return {
        "Message-ID": f"<{unique}@{urlsplit(settings.SITE_URL).hostname}>",
        "Auto-Submitted": "auto-generated",
        ses_notices.MESSAGE_HEADER: ses_notices.signed(message),
        **reader_links.unsubscribe_headers(rendered.footer),
    }
