"""What Amazon SES tells about a mail: it came back, its reader called it spam, it arrived."""

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
from mailroom.models import Message, Suppression
from outbox.domain import emit

LETTER = "X-Letter"


class Unreadable(ValueError):
    """It is signed, and says nothing that we understand."""


def offered(topic: str, address: str, number: str) -> None:
    """Somebody has subscribed us to a topic of ours; confirming it is asked of Amazon later, not in a request."""
    with transaction.atomic():
        emit(events.NOTICES_OFFERED, key=number, topic=topic, address=address)


def take(text: str) -> None:
    """Take in one notice; the same one again changes nothing."""
    try:
        notice = json.loads(text)
        kind = notice.get("eventType") or notice.get("notificationType")
        mail = notice["mail"]
        about = notice.get(str(kind).lower(), {})
        with transaction.atomic():
            TAKEN.get(kind, _nothing)(message_of(mail), about)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(type(error).__name__) from None


def message_of(mail: Mapping[str, Any]) -> Message | None:
    """By the number that SES gave it; by our own header when the sender disappeared before writing that down."""
    found = Message.objects.filter(provider_id=mail["messageId"]).exclude(provider_id="").first()
    if found is not None:
        return found
    for header in mail.get("headers", []):
        if header["name"].lower() == LETTER.lower():
            return Message.objects.filter(pk=unsigned(header["value"])).first()
    return None


def signed(message: Message) -> str:
    return signing.Signer(salt="mailroom.letter").sign(str(message.pk))


def unsigned(text: str) -> int:
    try:
        return int(signing.Signer(salt="mailroom.letter").unsign(text))
    except (signing.BadSignature, ValueError):
        return 0


def _bounce(message: Message | None, about: Mapping[str, Any]) -> None:
    """One that may go through another time takes no address off the list."""
    for_good = about.get("bounceType") == "Permanent"
    for address, status in recipients(about["bouncedRecipients"]):
        reason = f"It bounced{'' if for_good else ', maybe temporarily'}. {status}".strip()
        if message is not None and message.to == address:
            transitions.returned(message, reason)
        if for_good:
            bounces.suppress(address, Suppression.Cause.BOUNCE, reason, at=moment(about))


def _complaint(message: Message | None, about: Mapping[str, Any]) -> None:
    for address, _ in recipients(about["complainedRecipients"]):
        bounces.suppress(address, Suppression.Cause.COMPLAINT, at=moment(about))


def _delivery(message: Message | None, about: Mapping[str, Any]) -> None:
    if message is not None:
        transitions.arrived(message)


def _nothing(message: Message | None, about: Mapping[str, Any]) -> None:
    """Opens, clicks and the like are not our business."""


TAKEN = {"Bounce": _bounce, "Complaint": _complaint, "Delivery": _delivery}


def recipients(rows: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Addresses, and the status codes where they are nothing but codes."""
    for row in rows:
        status = str(row.get("status", ""))
        yield email_key(parseaddr(row["emailAddress"])[1]), status if status.replace(".", "").isdigit() else ""


def moment(about: Mapping[str, Any]) -> datetime:
    return parse_datetime(str(about.get("timestamp", ""))) or timezone.now()
