from typing import Any

from django.db import transaction
from django.test import TestCase, modify_settings
from django.utils import timezone

from mailroom.domain import draft_message
from mailroom.models import Message, MessageState
from tests.base import SchoolTestCase

ALICE = "alice@example.org"
PLUGIN = modify_settings(INSTALLED_APPS={"append": "tests.mailroom.plugin"})


def write(to: str = ALICE, name: str = "choir.welcome", key: str = "1", **more: Any) -> Message:
    with transaction.atomic():
        return draft_message(name, to=to, key=key, **more)


def stored(state: MessageState = MessageState.SENT, to: str = ALICE, **more: Any) -> Message:
    """A message in a state that it takes longer to get into."""
    fields: dict[str, Any] = {"template": "choir.welcome", "key": f"stored {Message.objects.count()}", "kind": "class"}
    needs = (
        {"reason": "Because."} if state in (MessageState.SUPPRESSED, MessageState.PARKED, MessageState.BOUNCED) else {}
    )
    needs |= {"lease": "somebody"} if state == MessageState.SENDING else {}
    needs |= {"due_at": timezone.now()} if state == MessageState.QUEUED else {}
    return Message.objects.create(to=to, state=state, **(fields | needs | more))


def again(message: Message) -> Message:
    message.refresh_from_db()
    return message


@PLUGIN
class ChoirTestCase(TestCase):
    pass


@PLUGIN
class ChoirSchoolTestCase(SchoolTestCase):
    pass
