"""Telling a fact in the transaction of the change it tells of."""

from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from outbox import cause, registry
from outbox.declare import EventType
from outbox.models import Delivery, Event


class UnknownEvent(LookupError):
    """No app declares this event."""


class KeyTaken(ValueError):
    """The key was used for another fact; one of the two would be lost."""


def emit(event_type: EventType, *, key: str, **payload: Any) -> Event:
    """Write the event and its deliveries and run the `now` receivers, all in the caller's transaction.

    The same fact may be told again under its key and is kept once. A `now` receiver that raises undoes everything.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{event_type} must be emitted inside the transaction of the change that it tells of.")
    if registry.event_types().get(event_type.name) is not event_type:
        raise UnknownEvent(f"{event_type} is declared in no installed app's events.py.")
    data = event_type.pack(payload)
    event, new = _write(event_type, key, data)
    if not new:
        return event
    heard = registry.heard_by(event.type)
    deliveries = Delivery.objects.bulk_create(Delivery(event=event, receiver=path) for path in heard.later)
    if deliveries:
        transaction.on_commit(partial(announce, [delivery.pk for delivery in deliveries]), robust=True)
    for path in heard.now:
        with cause.within(cause.Cause(by=path, event_id=event.pk, request_id=event.request_id)):
            registry.receiver(path)(event)
    return event


def _write(event_type: EventType, key: str, data: dict[str, Any]) -> tuple[Event, bool]:
    came_from = cause.current()
    event, new = Event.objects.get_or_create(
        type=event_type.name,
        key=key,
        defaults={
            "subject_type": event_type.subject[0],
            "subject_id": event_type.subject_id(data),
            "data": data,
            "cause_id": came_from.event_id,
            "cause_by": came_from.by,
            "request_id": came_from.request_id,
            "now": registry.heard_by(event_type.name).now,
        },
    )
    if not new and event.data != data:
        raise KeyTaken(f"{event_type} was already told under the key {key!r} with another payload.")
    return event, new


def announce(ids: list[int]) -> None:
    """Tell the engine that there is work. It may forget: the rows are the truth."""
    import_string(f"outbox.engines.{settings.OUTBOX_ENGINE}.announce")(ids)
