"""Creation of messages. A message is stored in the transaction of the change that it reports and sent later."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from common.inserts import insert_once
from common.names import email_key
from mailroom.domain import transitions
from mailroom.models import LONGEST_ADDRESS, Message, MessageState
from mailroom.registry import mail_named
from outbox.work_queues import announce_work

QUEUE = "mailroom.messages"
LONGEST_KEY = 120


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
    """Store a message in the caller's transaction. A worker sends it after that has committed.

    If the same mail to the same address with the same key exists, that message is returned. With `hold`, the message is
    not sent until it is released. Whether the address gets such mail is decided when the message is sent.
    """
    message = _build_message(name, to=to, key=key, data=data, about=about)
    message.person_id = person_id
    if hold:
        message.state, message.due_at = MessageState.DRAFTED, None
    if not insert_once(message):
        return Message.objects.get(template=name, to=message.to, key=key)
    if not hold:
        announce_work(QUEUE)
    return message


def draft_messages(name: str, *, to: Iterable[str], key: str, data: Mapping[str, Any], about: tuple[str, Any]) -> None:
    """Store the same mail to several addresses, in one statement."""
    messages = [_build_message(name, to=address, key=key, data=data, about=about) for address in to]
    if messages:
        Message.objects.bulk_create(messages, ignore_conflicts=True)
        announce_work(QUEUE)


def _build_message(name: str, *, to: str, key: str, data: Mapping[str, Any] | None, about: tuple[str, Any]) -> Message:
    if len(key) > LONGEST_KEY:
        raise ValueError(f"The key of a {name} is longer than {LONGEST_KEY} characters.")
    return Message(
        template=name,
        to=email_key(to)[:LONGEST_ADDRESS],
        key=key,
        kind=mail_named(name).kind,
        data=dict(data or {}),
        about_type=about[0],
        about_id=str(about[1]),
        state=MessageState.QUEUED,
        due_at=timezone.now(),
    )


def release_message(message: Message) -> None:
    if transitions.queue_message(message):
        announce_work(QUEUE)


def release_held_messages(name: str, drafted_before: datetime) -> int:
    held = Message.objects.filter(template=name, state=MessageState.DRAFTED, changed_at__lte=drafted_before)
    messages = list(held.order_by("pk")[:500])
    for message in messages:
        release_message(message)
    return len(messages)
