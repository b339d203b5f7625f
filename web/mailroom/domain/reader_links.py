"""Links in mails that let the recipient choose which mail to get, without logging in.

A link contains the id of its message instead of an email address, and it works for as long as the message is kept.
"""

from datetime import timedelta

from django.conf import settings
from django.urls import reverse

from common import links
from mailroom.declare import OPTIONAL_KINDS
from mailroom.domain.rendered_mail import NO_FOOTER, MailFooter
from mailroom.models import Message

READER = "mailroom.reader"


def footer_links(message: Message) -> MailFooter:
    if message.kind not in OPTIONAL_KINDS:
        return NO_FOOTER
    token = links.sign_token(READER, message.pk, message.kind)
    choose_url, stop_url = (
        f"{settings.SITE_URL}{reverse(name, args=[token])}" for name in ("mail_choose", "mail_stop")
    )
    return MailFooter(choose_url, stop_url)


def message_of_link(token: str) -> Message:
    """Return the message that contained the link. Raises `links.Bad` if the link is invalid or has expired."""
    pk = links.read_token(READER, token, timedelta(days=settings.MAIL_KEEP_DAYS)).pk
    message = Message.objects.filter(pk=pk).first()
    if message is None:
        raise links.LinkExpired
    return message


def unsubscribe_headers(links_in_footer: MailFooter) -> dict[str, str]:
    """The headers of RFC 8058 let mail programs offer to unsubscribe with one click."""
    if not links_in_footer.stop:
        return {}
    return {"List-Unsubscribe": f"<{links_in_footer.stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
