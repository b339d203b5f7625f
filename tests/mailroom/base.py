from typing import Any

from django.db import transaction
from django.test import TestCase, modify_settings

from mailroom.domain import draft
from mailroom.models import Message

PLUGIN = modify_settings(INSTALLED_APPS={"append": "tests.mailroom.plugin"})


def write(to: str = "alice@example.org", name: str = "choir.welcome", key: str = "1", **more: Any) -> Message:
    with transaction.atomic():
        return draft(name, to=to, key=key, **more)


def again(message: Message) -> Message:
    message.refresh_from_db()
    return message


@PLUGIN
class ChoirTestCase(TestCase):
    pass
