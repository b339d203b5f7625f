"""Creation of messages. A message is stored in the transaction of the change that it reports and sent later."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from common.names import email_key
from mailroom import events
from mailroom.domain import transitions
from mailroom.domain.suppression import DeliveryBarriers
from mailroom.models import Message, MessageState
from mailroom.registry import mail_named
from outbox.domain import emit

LONGEST_KEY = 120
LONGEST_ADDRESS = 254
NO_ADDRESS = "This is not an address that mail can be sent to."


def draft_message(
    name: str,
    *,
    to: str,
    key: str,
    person_id: int | None = None,
    data: Mapping[str, Any] | None = None,
    about: tuple[str, Any] = ("", ""),
    hold: bool = False,
) -> Message:
    """Store a message in the caller's transaction, to be sent after that has committed.

    If the same mail to the same address with the same key exists, that message is returned. With `hold`, the message is
    not sent until it is released. If the address is blocked or its owner does not want such mail, the message is stored
    as not sent, with the reason.
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
        "state": MessageState.DRAFTED,
    }
    with transaction.atomic():
        message, new = Message.objects.get_or_create(template=name, to=address, key=key, defaults=fields)
        if new and not hold:
            release_message(message)
    return message


def release_message(message: Message) -> Message:
    with transaction.atomic():
        if reason := reason_not_to_send(message):
            transitions.suppress_message(message, reason)
        elif transitions.queue_message(message):
            emit_queued(message)
    return message


def release_held_messages(name: str, drafted_before: datetime) -> int:
    held = Message.objects.filter(template=name, state=MessageState.DRAFTED, changed_at__lte=drafted_before)
    return len([release_message(message) for message in held.order_by("pk")[:500]])


def reason_not_to_send(message: Message) -> str:
    try:
        validate_email(message.to)
    except ValidationError:
        return NO_ADDRESS
    if len(message.to) == LONGEST_ADDRESS:
        return NO_ADDRESS
    return DeliveryBarriers([message.to]).against(message.to, message.kind)


def emit_queued(message: Message) -> None:
    # The key contains the round, so that each resending emits its own event.
    key = f"{message.pk}:{message.rounds}"
    emit(events.MESSAGE_QUEUED, key=key, message_id=message.pk, template=message.template)
