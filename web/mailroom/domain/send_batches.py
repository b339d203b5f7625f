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

from common.errors import TemporaryFailure
from mailroom.declare import Mail, MailNotNeeded
from mailroom.domain import bounces, reader_links, rendered_mail, ses_notices, transitions
from mailroom.domain.rendered_mail import MailText, RenderedMail
from mailroom.domain.smtp_errors import ServerAnswer, SmtpVerdict, error_text, judge_error
from mailroom.domain.suppression import DeliveryBarriers
from mailroom.errors import MailTextInvalid
from mailroom.models import Message, MessageState
from mailroom.registry import UnknownMail, mail_named
from outbox.causation import new_id

log = logging.getLogger("mailroom")


class MailConnection:
    """A connection to the mail server. It is opened when the first message is ready, and again if it breaks."""

    def __init__(self) -> None:
        self.connection: Any = get_connection()
        self.lease = new_id()

    def open(self) -> None:
        try:
            self.connection.open()
        except Exception as error:
            self.close()
            raise TemporaryFailure(f"The mail server cannot be reached. {error_text(error)}") from error

    def send(self, mail: EmailMultiAlternatives) -> SmtpVerdict | None:
        """Return None if the server has accepted the mail."""
        try:
            self.connection.send_messages([mail])
        except Exception as error:
            verdict = judge_error(error, self.connection)
            if verdict.broken:
                self.close()
            return verdict
        return None

    def close(self) -> None:
        with suppress(Exception):
            self.connection.close()
        if hasattr(self.connection, "connection"):
            self.connection.connection = None


class SendBatch:
    """The messages of a batch, with the suppressions, preferences and texts for all of them loaded together."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.messages = Message.objects.in_bulk(ids)
        queued = [message for message in self.messages.values() if message.state == MessageState.QUEUED]
        self.barriers = DeliveryBarriers({message.to for message in queued})
        self.texts = rendered_mail.override_texts({message.template for message in queued})

    def text_of(self, mail: Mail) -> MailText:
        return self.texts.get(mail.name) or rendered_mail.shipped_mail_text(mail)


def send_messages(ids: Sequence[int]) -> Generator[Exception | None]:
    """Yield for each message None if nothing is left to do for it, or an exception if it should be tried again."""
    batch = SendBatch(ids)
    with closing(MailConnection()) as mail_connection:
        for pk in ids:
            message = batch.messages.get(pk)
            rendered = prepare_mail(message, batch) if message is not None else None
            yield None if message is None or rendered is None else transmit_message(message, rendered, mail_connection)


def prepare_mail(message: Message, batch: SendBatch) -> RenderedMail | None:
    """Render a message. If it cannot or need not be sent, store the reason in the message and return None."""
    if message.state != MessageState.QUEUED:
        return None
    if reason := batch.barriers.against(message.to, message.kind):
        transitions.suppress_message(message, reason)
        return None
    try:
        mail = mail_named(message.template)
        with rendered_mail.language_of_mails():
            context = mail.context(message)
            return rendered_mail.render_mail(mail, batch.text_of(mail), context, reader_links.footer_links(message))
    except MailNotNeeded as reason:
        transitions.suppress_message(message, str(reason) or "It is no longer needed.")
    except UnknownMail:
        transitions.park_message(message, "No app declares this email anymore.")
    except MailTextInvalid as error:
        part = "Its subject" if error.part == "subject" else "Its text"
        transitions.park_message(message, f"{part} cannot be rendered. {error}")
    except DatabaseError:
        raise
    except Exception as error:
        log.warning("Message %s: its context failed with %s.", message.pk, type(error).__name__)
        transitions.park_message(message, f"The record it is about can’t be found ({type(error).__name__}).")
    return None


def transmit_message(message: Message, rendered: RenderedMail, mail_connection: MailConnection) -> Exception | None:
    mail_connection.open()
    if not transitions.start_sending(message, mail_connection.lease, rendered.masked_subject):
        return None
    mail = build_email(message, rendered, mail_connection.connection)
    verdict = mail_connection.send(mail)
    if verdict is None:
        transitions.mark_sent(message, mail_connection.lease, str(mail.extra_headers.get("message_id", "")))
        return None
    return record_send_result(message, mail_connection.lease, verdict)


def record_send_result(message: Message, lease: str, verdict: SmtpVerdict) -> Exception | None:
    log.warning("Message %s: %s", message.pk, verdict.reason)
    match verdict.answer:
        case ServerAnswer.PERHAPS:
            transitions.mark_possibly_sent(message, lease, verdict.reason)
        case ServerAnswer.NO_SUCH_ADDRESS:
            bounces.record_bounce(message, verdict.reason)
        case ServerAnswer.LATER if Message.objects.get(pk=message.pk).tries < settings.OUTBOX_TRIES:
            transitions.return_to_queue(message, lease, verdict.reason)
            return TemporaryFailure(verdict.reason)
        case _:
            transitions.mark_refused(message, lease, verdict.reason)
    return None


def build_email(message: Message, rendered: RenderedMail, connection: Any) -> EmailMultiAlternatives:
    mail = EmailMultiAlternatives(
        subject=rendered.subject,
        body=rendered.text,
        to=[message.to],
        reply_to=[settings.OFFICE_EMAIL] if settings.OFFICE_EMAIL else None,
        headers=mail_headers(message, rendered),
        connection=connection,
    )
    mail.attach_alternative(rendered.html, "text/html")
    return mail


def mail_headers(message: Message, rendered: RenderedMail) -> dict[str, str]:
    # The Message-ID stays the same within a round of sending, so that servers can recognize duplicates.
    unique = salted_hmac("mailroom.message_id", f"{message.pk}:{message.rounds}").hexdigest()[:32]
    return {
        "Message-ID": f"<{unique}@{urlsplit(settings.SITE_URL).hostname}>",
        "Auto-Submitted": "auto-generated",
        ses_notices.MESSAGE_HEADER: ses_notices.sign_message_id(message),
        **reader_links.unsubscribe_headers(rendered.footer),
    }
