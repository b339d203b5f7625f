"""Writing messages down. Nothing is sent here: the row is committed with the change that it tells of."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from common.names import email_key
from mailroom import events
from mailroom.domain import transitions
from mailroom.domain.suppression import barrier
from mailroom.models import Message, State
from mailroom.registry import mail_named
from outbox.domain import emit

LONGEST_KEY = 120
LONGEST_ADDRESS = 254
NO_ADDRESS = "This is not an address that mail can be sent to."


def draft(
    name: str,
    *,
    to: str,
    key: str,
    person_id: int | None = None,
    data: Mapping[str, Any] | None = None,
    about: tuple[str, Any] = ("", ""),
    hold: bool = False,
) -> Message:
    """Write a message in the caller's transaction; it is sent once that has committed.

    The second draft of the same mail to the same address under the same key is the first one. With `hold` it waits for
    `release`. To an address that must or wants not to get it, it is written down as not sent, with the reason.
    """
    mail = mail_named(name)
    if len(key) > LONGEST_KEY:
        raise ValueError(f"The key of a {name} is longer than {LONGEST_KEY} characters.")
    address = email_key(to)[:LONGEST_ADDRESS]
    fields = {
        "kind": mail.kind,
        "person_id": person_id,
        "data": dict(data or {}),
        "about_type": about[0],
        "about_id": str(about[1]),
        "state": State.DRAFTED,
    }
    with transaction.atomic():
        message, new = Message.objects.get_or_create(template=name, to=address, key=key, defaults=fields)
        if new and not hold:
            release(message)
    return message


def release(message: Message) -> Message:
    """Let a drafted message go."""
    with transaction.atomic():
        if reason := reason_against(message):
            transitions.suppress(message, reason)
        elif transitions.queue(message):
            announce(message)
    return message


def release_held(name: str, drafted_before: datetime) -> int:
    """Let go what was drafted with `hold` and has waited until now."""
    waiting = Message.objects.filter(template=name, state=State.DRAFTED, changed_at__lte=drafted_before)
    return len([release(message) for message in waiting.order_by("pk")[:500]])


def reason_against(message: Message) -> str:
    try:
        validate_email(message.to)
    except ValidationError:
        return NO_ADDRESS
    if len(message.to) == LONGEST_ADDRESS:
        return NO_ADDRESS
    return barrier(message.to, message.kind)


def announce(message: Message) -> None:
    """Each round of sending is a fact of its own."""
    key = f"{message.pk}:{message.rounds}"
    emit(events.MESSAGE_QUEUED, key=key, message_id=message.pk, template=message.template)
