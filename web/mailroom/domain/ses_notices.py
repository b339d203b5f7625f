"""Notices from Amazon SES about a mail that bounced, was reported as spam, or was delivered."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from common.names import email_key
from mailroom import events
from mailroom.domain import bounces, transitions
from mailroom.errors import NoticeRefused
from mailroom.models import Message, Suppression
from outbox.domain import emit

MESSAGE_HEADER = "X-Letter"


def emit_subscription_offer(topic: str, address: str, number: str) -> None:
    # A receiver confirms the subscription later, so that the web request need not wait for Amazon.
    with transaction.atomic():
        emit(events.NOTICE_SUBSCRIPTION_REQUESTED, key=number, topic=topic, address=address)


def apply_notice(text: str) -> None:
    """Applying the same notice twice has no effect. Notices of other kinds, such as opens and clicks, are ignored."""
    try:
        notice = json.loads(text)
        kind = notice.get("eventType") or notice.get("notificationType")
        mail = notice["mail"]
        details = notice.get(str(kind).lower(), {})
        with transaction.atomic():
            message = message_of_notice(mail)
            if kind in APPLY_BY_KIND:
                APPLY_BY_KIND[kind](message, details)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoticeRefused(type(error).__name__) from None


def message_of_notice(mail: Mapping[str, Any]) -> Message | None:
    # If the sending process disappeared before it saved the id from SES, our own header identifies the message.
    message = Message.objects.filter(provider_id=mail["messageId"]).exclude(provider_id="").first()
    if message is not None:
        return message
    for header in mail.get("headers", []):
        if header["name"].lower() == MESSAGE_HEADER.lower():
            return Message.objects.filter(pk=read_signed_id(header["value"])).first()
    return None


def sign_message_id(message: Message) -> str:
    return signing.Signer(salt="mailroom.letter").sign(str(message.pk))


def read_signed_id(text: str) -> int:
    try:
        return int(signing.Signer(salt="mailroom.letter").unsign(text))
    except (signing.BadSignature, ValueError):
        return 0


def _apply_bounce(message: Message | None, details: Mapping[str, Any]) -> None:
    permanent = details.get("bounceType") == "Permanent"
    for address, status in parse_recipients(details["bouncedRecipients"]):
        reason = f"It bounced{'' if permanent else ', maybe temporarily'}. {status}".strip()
        if message is not None and message.to == address:
            transitions.mark_bounced(message, reason)
        if permanent:
            bounces.suppress_address(address, Suppression.Cause.BOUNCE, reason, at=notice_time(details))


def _apply_complaint(message: Message | None, details: Mapping[str, Any]) -> None:
    for address, _ in parse_recipients(details["complainedRecipients"]):
        bounces.suppress_address(address, Suppression.Cause.COMPLAINT, at=notice_time(details))


def _apply_delivery(message: Message | None, details: Mapping[str, Any]) -> None:
    if message is not None:
        transitions.mark_delivered(message)


APPLY_BY_KIND = {"Bounce": _apply_bounce, "Complaint": _apply_complaint, "Delivery": _apply_delivery}


def parse_recipients(rows: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    # A status is used only if it is a plain code, because other text from servers may contain addresses.
    for row in rows:
        status = str(row.get("status", ""))
        yield email_key(parseaddr(row["emailAddress"])[1]), status if status.replace(".", "").isdigit() else ""


def notice_time(details: Mapping[str, Any]) -> datetime:
    return parse_datetime(str(details.get("timestamp", ""))) or timezone.now()
