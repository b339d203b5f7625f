"""Telling a fact in the transaction of the change it tells of."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from outbox import causation, registry
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
    _insist(event_type)
    event, new = _write(event_type, key, event_type.pack(payload))
    if new:
        _spread([event])
    return event


def emit_many(event_type: EventType, told: Mapping[str, Mapping[str, Any]]) -> list[Event]:
    """Payloads by their keys, none of them told before: as many facts as there are in a handful of queries."""
    _insist(event_type)
    packed = {key: event_type.pack(dict(payload)) for key, payload in told.items()}
    rows = (Event(type=event_type.name, key=key, **_fields(event_type, data)) for key, data in packed.items())
    found = Event.objects.bulk_create(rows)
    _spread(found)
    return found


def _insist(event_type: EventType) -> None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{event_type} must be emitted inside the transaction of the change it reports.")
    if registry.event_types().get(event_type.name) is not event_type:
        raise UnknownEvent(f"{event_type} is declared in no installed app's events.py.")


def _spread(found: list[Event]) -> None:
    """Events of one type, on their way to those who hear of them."""
    if not found:
        return
    heard = registry.heard_by(found[0].type)
    rows = (Delivery(event=event, receiver=path) for event in found for path in heard.later)
    deliveries = Delivery.objects.bulk_create(rows)
    if deliveries:
        transaction.on_commit(partial(announce, [delivery.pk for delivery in deliveries]), robust=True)
    for event in found:
        for path in heard.now:
            with causation.within(causation.Cause(by=path, event_id=event.pk, request_id=event.request_id)):
                registry.receiver(path)(event)


def _fields(event_type: EventType, data: dict[str, Any]) -> dict[str, Any]:
    came_from = causation.current()
    return {
        "subject_type": event_type.subject[0],
        "subject_id": event_type.subject_id(data),
        "data": data,
        "cause_id": came_from.event_id,
        "cause_by": came_from.by,
        "request_id": came_from.request_id,
        "now": registry.heard_by(event_type.name).now,
    }


def _write(event_type: EventType, key: str, data: dict[str, Any]) -> tuple[Event, bool]:
    event, new = Event.objects.get_or_create(type=event_type.name, key=key, defaults=_fields(event_type, data))
    if not new and event.data != data:
        raise KeyTaken(f"{event_type} was already told under the key {key!r} with another payload.")
    return event, new


def announce(ids: list[int]) -> None:
    """Tell the engine that there is work. It may forget: the rows are the truth."""
    import_string(f"outbox.engines.{settings.OUTBOX_ENGINE}.announce")(ids)
