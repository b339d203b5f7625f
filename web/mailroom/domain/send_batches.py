"""Sending of messages, many over one connection, each at most once."""

import logging
import random
import time
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import DatabaseError
from django.db.models import Count, Min
from django.utils import timezone
from django.utils.crypto import salted_hmac

from common.errors import TemporaryFailure
from mailroom.declare import Mail, MailNotNeeded
from mailroom.domain import bounces, reader_links, rendered_mail, ses_notices, transitions
from mailroom.domain.rendered_mail import MailContent, MailText, RenderedMail, ValueUnavailable
from mailroom.domain.smtp_errors import ServerAnswer, SmtpVerdict, error_text, judge_error
from mailroom.domain.suppression import DeliveryBarriers
from mailroom.errors import MailTextInvalid
from mailroom.models import Message
from mailroom.registry import UnknownMail, mail_named
from outbox.causation import new_id
from outbox.domain.delivery_results import retry_delay
from outbox.work_queues import Stop

log = logging.getLogger("mailroom")

BATCH_SIZE = 100
RUN_SECONDS = 10.0
UNREACHABLE_DELAY = timedelta(minutes=1)


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
    """The due messages that come next, with the suppressions, preferences and texts for all of them loaded together."""

    def __init__(self, *, shuffled: bool = False) -> None:
        due = Message.objects.filter(due_at__lte=timezone.now()).order_by("due_at", "pk")
        self.messages = list(due[:BATCH_SIZE])
        self.is_last = len(self.messages) < BATCH_SIZE
        if shuffled:
            random.shuffle(self.messages)
        if self.messages:
            self.barriers = DeliveryBarriers(self.messages)
            self.texts = rendered_mail.override_texts({message.template for message in self.messages})

    def text_of(self, mail: Mail) -> MailText:
        return self.texts.get(mail.name) or rendered_mail.shipped_mail_text(mail)


@dataclass(frozen=True)
class PreparedMail:
    email: EmailMultiAlternatives
    stored: MailContent


def count_backlog() -> tuple[int, datetime | None]:
    """Count the messages that wait for their first try, also because the mail server cannot be reached."""
    waiting = Message.objects.filter(due_at__isnull=False, tries=0)
    backlog = waiting.aggregate(count=Count("pk"), since=Min("changed_at"))
    return backlog["count"], backlog["since"]


def send_due_messages(stop: Stop) -> int:
    """Send messages over one connection until none is due, but not for much longer than ten seconds.

    Several workers may load the same message. The update that starts sending it succeeds in one of them. Another one
    then loads what is left and continues in a different order, so that they seldom meet again.
    """
    ends_at = time.monotonic() + RUN_SECONDS
    handled = 0
    with closing(MailConnection()) as mail_connection:
        batch = SendBatch()
        while batch.messages:
            met_another_worker = False
            for message in batch.messages:
                if stop() or time.monotonic() > ends_at:
                    return handled
                try:
                    met_another_worker = not send_message(message, batch, mail_connection)
                except TemporaryFailure as error:
                    transitions.postpone_due_messages(UNREACHABLE_DELAY, str(error))
                    return handled
                if met_another_worker:
                    break
                handled += 1
            if batch.is_last and not met_another_worker:
                break
            batch = SendBatch(shuffled=met_another_worker)
    return handled


def send_message(message: Message, batch: SendBatch, mail_connection: MailConnection) -> bool:
    """Return False if another worker has handled the message meanwhile."""
    prepared = prepare_mail(message, batch)
    if prepared is None:
        return True
    mail_connection.open()
    lease = mail_connection.lease
    if not transitions.start_sending(message, lease, **asdict(prepared.stored)):
        return False
    verdict = mail_connection.send(prepared.email)
    if verdict is None:
        transitions.mark_sent(message, lease, str(prepared.email.extra_headers.get("message_id", "")))
    else:
        record_refusal(message, lease, verdict)
    return True


def prepare_mail(message: Message, batch: SendBatch) -> PreparedMail | None:
    """Render a message. If it cannot or need not be sent, store the reason in the message and return None."""
    try:
        mail = mail_named(message.template)
        with rendered_mail.language_of_mails():
            context = mail.context(message)
            footer = reader_links.footer_links(message)
            rendered = rendered_mail.render_mail(mail, batch.text_of(mail), context, footer)
        if reason := batch.barriers.against(message):
            transitions.suppress_message(message, reason, **asdict(rendered.stored))
            return None
        return PreparedMail(build_email(message, rendered), rendered.stored)
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
        name = str(error) if isinstance(error, ValueUnavailable) else type(error).__name__
        log.warning("Message %s: its context failed with %s.", message.pk, name)
        transitions.park_message(message, f"The record it is about can’t be found ({name}).")
    return None


def record_refusal(message: Message, lease: str, verdict: SmtpVerdict) -> None:
    log.warning("Message %s: %s", message.pk, verdict.reason)
    match verdict.answer:
        case ServerAnswer.PERHAPS:
            transitions.mark_possibly_sent(message, lease, verdict.reason)
        case ServerAnswer.NO_SUCH_ADDRESS:
            bounces.record_bounce(message, verdict.reason)
        case ServerAnswer.LATER if message.tries < settings.OUTBOX_TRIES:
            transitions.return_to_queue(message, lease, verdict.reason, retry_delay(message.tries))
        case _:
            transitions.mark_refused(message, lease, verdict.reason)


def build_email(message: Message, rendered: RenderedMail) -> EmailMultiAlternatives:
    mail = EmailMultiAlternatives(
        subject=rendered.subject,
        body=rendered.text,
        to=[message.to],
        reply_to=[settings.OFFICE_EMAIL] if settings.OFFICE_EMAIL else None,
        headers=mail_headers(message, rendered),
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
