"""State changes that registrations and tickets have in common; the caller holds the lock of the class."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from history.domain import record_action
from outbox.declare import EventType
from outbox.domain import emit, emit_many
from registrations import events
from registrations.models import Registration, Spot
from users.models import User

State = Registration.State


class SpotEvents(NamedTuple):
    """The events that are emitted for one kind of spot."""

    held: EventType
    confirmed: EventType
    suspended: EventType
    ended: EventType
    hold_ended: EventType


REGISTRATION_EVENTS = SpotEvents(
    events.REGISTRATION_HELD,
    events.REGISTRATION_CONFIRMED,
    events.REGISTRATION_SUSPENDED,
    events.REGISTRATION_ENDED,
    events.HOLD_EXPIRED,
)
TICKET_EVENTS = SpotEvents(
    events.TICKET_HELD,
    events.TICKET_CONFIRMED,
    events.TICKET_SUSPENDED,
    events.TICKET_ENDED,
    events.TICKET_HOLD_EXPIRED,
)


def events_for(spot: Spot) -> SpotEvents:
    return REGISTRATION_EVENTS if isinstance(spot, Registration) else TICKET_EVENTS


def emit_spot_event(event: EventType, spot: Spot, at: datetime) -> None:
    emit(event, key=_spot_event_key(spot, at), **_spot_event_data(spot))


def _spot_event_key(spot: Spot, at: datetime) -> str:
    return f"{spot.pk} {at.isoformat()}"


def _spot_event_data(spot: Spot) -> dict[str, int]:
    id_name = "registration_id" if isinstance(spot, Registration) else "ticket_id"
    return {id_name: spot.pk, "class_offer_id": spot.class_offer_id, "student_id": spot.student_id}


def start_hold(spot: Spot, until: datetime | None) -> None:
    spot.state, spot.held_until, spot.ended_at, spot.end_reason = State.HELD, until, None, ""
    spot.save()
    emit_spot_event(events_for(spot).held, spot, spot.created_at if until is None else until)


def confirm_spot(spot: Spot, at: datetime) -> None:
    spot.state, spot.held_until, spot.confirmed_at = State.CONFIRMED, None, at
    spot.save(update_fields=["state", "held_until", "confirmed_at"])
    emit_spot_event(events_for(spot).confirmed, spot, at)


def end_spot(spot: Spot, state: str, why: str, at: datetime | None = None) -> None:
    was_confirmed = spot.state != State.HELD
    at = at or timezone.now()
    spot.state, spot.ended_at, spot.held_until, spot.end_reason = state, at, None, why[:300]
    spot.save(update_fields=["state", "ended_at", "held_until", "end_reason"])
    spot_events = events_for(spot)
    emit_spot_event(spot_events.ended if was_confirmed else spot_events.hold_ended, spot, at)


def cancel_spots(spots: Iterable[Spot], why: str) -> None:
    spots, at = list(spots), timezone.now()
    if not spots:
        return
    values = {"state": State.CANCELED, "ended_at": at, "held_until": None, "end_reason": why[:300]}
    type(spots[0])._default_manager.filter(pk__in=[spot.pk for spot in spots]).update(**values)
    spot_events = events_for(spots[0])
    for event, was_held in ((spot_events.ended, False), (spot_events.hold_ended, True)):
        affected = [spot for spot in spots if (spot.state == State.HELD) is was_held]
        emit_many(event, {_spot_event_key(spot, at): _spot_event_data(spot) for spot in affected})


def expire_holds(late: Iterable[Spot]) -> int:
    overdue = list(late)
    for spot in overdue:
        end_spot(spot, State.EXPIRED, "")
    return len(overdue)


def change_spot_state(spot: Spot, before: str, after: str, why: str, by: User | None) -> bool:
    """Suspends or resumes a spot. Returns False if its state has changed in the meantime."""
    updated = type(spot)._default_manager.filter(pk=spot.pk, state=before).update(state=after, end_reason=why[:300])
    if not updated:
        return False
    spot.refresh_from_db()
    event = events_for(spot).suspended if after == State.ON_HOLD else events_for(spot).confirmed
    if by is not None:
        record_action(by, event.name, spot, why=why)
    emit_spot_event(event, spot, timezone.now())
    return True
