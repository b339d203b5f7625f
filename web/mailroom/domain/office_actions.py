"""Resending and dismissing of messages at the desk. Each action is recorded in the history with its reason."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from common.permissions import can_use_desk
from history.domain import record_action
from mailroom import registry
from mailroom.domain import transitions
from mailroom.domain.drafts import QUEUE
from mailroom.errors import MailActionRefused
from mailroom.models import Message, MessageState
from outbox.work_queues import announce_work


def possibly_sent_messages() -> QuerySet[Message]:
    return Message.objects.filter(state=MessageState.PERHAPS)


def parked_messages() -> QuerySet[Message]:
    return Message.objects.filter(state=MessageState.PARKED)


@dataclass(frozen=True)
class SubjectLink:
    name: str
    url: str = ""


def subject_link_for(message: Message, user: Any) -> SubjectLink:
    """The result has a URL only if the user is allowed to open that page."""
    page = registry.about_pages().get(message.about_type)
    if page is None:
        return SubjectLink(f"{message.about_type.replace('_', ' ')} {message.about_id}".strip().capitalize())
    name = str(page.title).format(message.about_id)
    if not can_use_desk(user, page.permission):
        return SubjectLink(name)
    return SubjectLink(name, reverse(page.view, args=[message.about_id] if page.has_id else []))


def resend_message(actor: Any, pk: int, why: str) -> Message:
    with transaction.atomic():
        message = Message.objects.select_for_update().get(pk=pk)
        old_state = message.state
        if not transitions.requeue_message(message):
            raise MailActionRefused
        announce_work(QUEUE)
        record_action(actor, "mailroom.sent_again", message, why=why, mail=message.template, was=old_state)
    return message


def dismiss_message(actor: Any, pk: int, why: str) -> Message:
    with transaction.atomic():
        message = Message.objects.get(pk=pk)
        old_state = message.state
        if not transitions.mark_dismissed(message, f"Dismissed at the desk: {why}"):
            raise MailActionRefused
        record_action(actor, "mailroom.set_aside", message, why=why, mail=message.template, was=old_state)
    return message
