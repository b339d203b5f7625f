"""Emitting of events in the transaction of the change that they report."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from common.inserts import insert_once
from outbox import causation, registry
from outbox.declare import EventType
from outbox.models import Delivery, Event


class UnknownEvent(LookupError):
    """No app declares this event."""


class KeyTaken(ValueError):
    """The key was already used with another payload."""


def emit(event_type: EventType, *, key: str, **payload: Any) -> Event:
    """Store the event and its deliveries and run the `now` receivers, all in the caller's transaction.

    An event that is emitted again with the same key and payload is stored only once. If a `now` receiver raises, the
    caller's whole transaction fails.
    """
    _require_emittable(event_type)
    data = event_type.pack(payload)
    event = Event(type=event_type.name, key=key, **_event_fields(event_type, data))
    if insert_once(event):
        _dispatch_events([event])
        return event
    earlier = Event.objects.get(type=event_type.name, key=key)
    if earlier.data != data:
        raise KeyTaken(f"{event_type} was already emitted under the key {key!r} with another payload.")
    return earlier


def emit_many(event_type: EventType, payloads: Mapping[str, Mapping[str, Any]]) -> list[Event]:
    """Emit several events in a few queries. `payloads` maps keys, none of which may be in use yet, to payloads."""
    _require_emittable(event_type)
    packed = {key: event_type.pack(dict(payload)) for key, payload in payloads.items()}
    rows = (Event(type=event_type.name, key=key, **_event_fields(event_type, data)) for key, data in packed.items())
    created = Event.objects.bulk_create(rows)
    _dispatch_events(created)
    return created


def _require_emittable(event_type: EventType) -> None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{event_type} must be emitted inside the transaction of the change it reports.")
    if registry.event_types().get(event_type.name) is not event_type:
        raise UnknownEvent(f"{event_type} is not declared in the events.py of any installed app.")


def _dispatch_events(created: list[Event]) -> None:
    # All events must be of one type.
    if not created:
        return
    receivers = registry.receivers_of(created[0].type)
    deliveries = [Delivery(event=event, receiver=path) for event in created for path in receivers.later]
    if deliveries:
        Delivery.objects.bulk_create(deliveries)
        transaction.on_commit(partial(notify_engine, [delivery.pk for delivery in deliveries]), robust=True)
    for event in created:
        for path in receivers.now:
            with causation.caused_by(causation.Cause(by=path, event_id=event.pk, request_id=event.request_id)):
                registry.load_receiver(path)(event)


def _event_fields(event_type: EventType, data: dict[str, Any]) -> dict[str, Any]:
    cause = causation.current_cause()
    return {
        "subject_type": event_type.subject[0],
        "subject_id": event_type.subject_id(data),
        "data": data,
        "cause_id": cause.event_id,
        "cause_by": cause.by,
        "request_id": cause.request_id,
        "now": registry.receivers_of(event_type.name).now,
    }


def notify_engine(ids: list[int]) -> None:
    # The engine may lose this notice, because every delivery is also stored as a row.
    import_string(f"outbox.engines.{settings.OUTBOX_ENGINE}.announce")(ids)
