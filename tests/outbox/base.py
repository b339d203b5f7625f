from typing import Any

from django.db import transaction
from django.test import TestCase, modify_settings, override_settings

from outbox.domain import emit
from outbox.models import Delivery, Event
from tests.outbox.plugin import events, receivers

PATH = "tests.outbox.plugin.receivers"


def mapped(*names: str, now: tuple[str, ...] = (), event: str = "door.knocked") -> Any:
    """The setting under which the plug-in's receivers of those names hear an event."""
    heard = {"now": [f"{PATH}.{name}" for name in now], "later": [f"{PATH}.{name}" for name in names]}
    return override_settings(WORKFLOWS={event: heard})


def knock(key: str = "1", door_id: int = 7, **payload: Any) -> Event:
    with transaction.atomic():
        return emit(events.KNOCKED, key=key, door_id=door_id, **payload)


def delivery(name: str = "") -> Delivery:
    return Delivery.objects.get(receiver__endswith=name)


@modify_settings(INSTALLED_APPS={"append": "tests.outbox.plugin"})
class DoorTestCase(TestCase):
    def setUp(self) -> None:
        receivers.calls.clear()
