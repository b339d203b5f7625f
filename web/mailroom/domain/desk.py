"""What a person at the desk may do about a message; each deed is recorded with its reason."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from history.domain import record
from mailroom.domain import states
from mailroom.domain.drafting import announce
from mailroom.models import Message, State


def perhaps_sent() -> QuerySet[Message]:
    """Nobody knows whether they went out; a person decides whether they go once more."""
    return Message.objects.filter(state=State.PERHAPS)


def parked() -> QuerySet[Message]:
    return Message.objects.filter(state=State.PARKED)


class TooLate(Exception):
    """The message has moved on since the page was shown."""


def send_again(actor: Any, pk: int, why: str) -> Message:
    """Once more, also where nobody knows whether it arrived: a person has decided."""
    with transaction.atomic():
        message = Message.objects.select_for_update().get(pk=pk)
        before = message.state
        if not states.again(message):
            raise TooLate
        announce(message)
        record(actor, "mailroom.sent_again", message, why=why, mail=message.template, was=before)
    return message


def set_aside(actor: Any, pk: int, why: str) -> Message:
    """It need not be sent, or has arrived."""
    with transaction.atomic():
        message = Message.objects.get(pk=pk)
        before = message.state
        if not states.set_aside(message, f"Dismissed at the desk: {why}"):
            raise TooLate
        record(actor, "mailroom.set_aside", message, why=why, mail=message.template, was=before)
    return message
