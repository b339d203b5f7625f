"""Addresses in mails by which a reader, without logging in, chooses what to get.

They name the message, so that no e-mail address stands in them, and work for as long as it is remembered.
"""

from datetime import timedelta

from django.conf import settings
from django.urls import reverse

from common import links
from mailroom.declare import OPTIONAL
from mailroom.domain.rendering import NO_FOOTER, Footer
from mailroom.models import Message

READER = "mailroom.reader"


def footer(message: Message) -> Footer:
    if message.kind not in OPTIONAL:
        return NO_FOOTER
    token = links.make(READER, message.pk, message.kind)
    choose, stop = (f"{settings.SITE_URL}{reverse(name, args=[token])}" for name in ("mail_choose", "mail_stop"))
    return Footer(choose, stop)


def read(token: str) -> Message:
    """The message that the address stood in; `links.Bad` when it is none of ours or too old."""
    pk = links.read(READER, token, timedelta(days=settings.MAIL_KEEP_DAYS)).pk
    message = Message.objects.filter(pk=pk).first()
    if message is None:
        raise links.Expired
    return message


def unsubscribe_headers(found: Footer) -> dict[str, str]:
    """RFC 8058: the mail program itself offers to stop, with one click and no questions."""
    if not found.stop:
        return {}
    return {"List-Unsubscribe": f"<{found.stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
