"""State changes that registrations and tickets have in common; the caller holds the lock of the class."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from classwork import events
from classwork.models import Registration, Ticket
from history.domain import record
from outbox.declare import EventType
from outbox.domain import emit, emit_many
from users.models import User

State = Registration.State
Seat = Registration | Ticket


class Told(NamedTuple):
    """The events that are emitted for one kind of spot."""

    held: EventType
    confirmed: EventType
    suspended: EventType
    ended: EventType
    hold_ended: EventType


REGISTRATION_EVENTS = Told(
    events.PLACE_HELD,
    events.REGISTRATION_CONFIRMED,
    events.REGISTRATION_SUSPENDED,
    events.REGISTRATION_ENDED,
    events.HOLD_ENDED,
)
TICKET_EVENTS = Told(
    events.TICKET_HELD,
    events.TICKET_CONFIRMED,
    events.TICKET_SUSPENDED,
    events.TICKET_ENDED,
    events.TICKET_HOLD_ENDED,
)


def told_of(spot: Seat) -> Told:
    return REGISTRATION_EVENTS if isinstance(spot, Registration) else TICKET_EVENTS


def tell(event: EventType, spot: Seat, at: datetime) -> None:
    emit(event, key=_key(spot, at), **_about(spot))


def _key(spot: Seat, at: datetime) -> str:
    return f"{spot.pk} {at.isoformat()}"


def _about(spot: Seat) -> dict[str, int]:
    id_name = "registration_id" if isinstance(spot, Registration) else "ticket_id"
    return {id_name: spot.pk, "offer_id": spot.offer_id, "student_id": spot.student_id}


def held(spot: Seat, until: datetime | None) -> None:
    spot.state, spot.held_until, spot.ended_at, spot.why = State.HELD, until, None, ""
    spot.save()
    tell(told_of(spot).held, spot, spot.created_at if until is None else until)


def confirm(spot: Seat, at: datetime) -> None:
    spot.state, spot.held_until, spot.confirmed_at = State.CONFIRMED, None, at
    spot.save(update_fields=["state", "held_until", "confirmed_at"])
    tell(told_of(spot).confirmed, spot, at)


def end(spot: Seat, state: str, why: str, at: datetime | None = None) -> None:
    was_confirmed = spot.state != State.HELD
    at = at or timezone.now()
    spot.state, spot.ended_at, spot.held_until, spot.why = state, at, None, why[:300]
    spot.save(update_fields=["state", "ended_at", "held_until", "why"])
    spot_events = told_of(spot)
    tell(spot_events.ended if was_confirmed else spot_events.hold_ended, spot, at)


def cancel_all(spots: Iterable[Seat], why: str) -> None:
    spots, at = list(spots), timezone.now()
    if not spots:
        return
    values = {"state": State.CANCELLED, "ended_at": at, "held_until": None, "why": why[:300]}
    type(spots[0])._default_manager.filter(pk__in=[spot.pk for spot in spots]).update(**values)
    spot_events = told_of(spots[0])
    for event, was_held in ((spot_events.ended, False), (spot_events.hold_ended, True)):
        affected = [spot for spot in spots if (spot.state == State.HELD) is was_held]
        emit_many(event, {_key(spot, at): _about(spot) for spot in affected})


def lapse(late: Iterable[Seat]) -> int:
    overdue = list(late)
    for spot in overdue:
        end(spot, State.LAPSED, "")
    return len(overdue)


def move(spot: Seat, before: str, after: str, why: str, by: User | None) -> bool:
    """Suspends or resumes a spot. Returns False if its state has changed in the meantime."""
    updated = type(spot)._default_manager.filter(pk=spot.pk, state=before).update(state=after, why=why[:300])
    if not updated:
        return False
    spot.refresh_from_db()
    event = told_of(spot).suspended if after == State.ON_HOLD else told_of(spot).confirmed
    if by is not None:
        record(by, event.name, spot, why=why)
    tell(event, spot, timezone.now())
    return True
