"""Resending and dismissing of messages at the desk. Each action is recorded in the history with its reason."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from common.permissions import at_the_desk
from history.domain import record
from mailroom import registry
from mailroom.domain import transitions
from mailroom.domain.drafting import announce
from mailroom.models import Message, State


def perhaps_sent() -> QuerySet[Message]:
    return Message.objects.filter(state=State.PERHAPS)


def parked() -> QuerySet[Message]:
    return Message.objects.filter(state=State.PARKED)


@dataclass(frozen=True)
class About:
    name: str
    url: str = ""


def about(message: Message, user: Any) -> About:
    """The result has a URL only if the user is allowed to open that page."""
    page = registry.about_pages().get(message.about_type)
    if page is None:
        return About(f"{message.about_type.replace('_', ' ')} {message.about_id}".strip().capitalize())
    name = page.title.format(message.about_id)
    if not at_the_desk(user, page.permission):
        return About(name)
    return About(name, reverse(page.view, args=[message.about_id] if page.has_id else []))


class TooLate(Exception):
    """The message has changed since the page was shown."""


def send_again(actor: Any, pk: int, why: str) -> Message:
    with transaction.atomic():
        message = Message.objects.select_for_update().get(pk=pk)
        old_state = message.state
        if not transitions.again(message):
            raise TooLate
        announce(message)
        record(actor, "mailroom.sent_again", message, why=why, mail=message.template, was=old_state)
    return message


def set_aside(actor: Any, pk: int, why: str) -> Message:
    with transaction.atomic():
        message = Message.objects.get(pk=pk)
        old_state = message.state
        if not transitions.set_aside(message, f"Dismissed at the desk: {why}"):
            raise TooLate
        record(actor, "mailroom.set_aside", message, why=why, mail=message.template, was=old_state)
    return message
