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


def told_of(seat: Seat) -> Told:
    return REGISTRATION_EVENTS if isinstance(seat, Registration) else TICKET_EVENTS


def tell(event: EventType, seat: Seat, at: datetime) -> None:
    emit(event, key=_key(seat, at), **_about(seat))


def _key(seat: Seat, at: datetime) -> str:
    return f"{seat.pk} {at.isoformat()}"


def _about(seat: Seat) -> dict[str, int]:
    number = "registration_id" if isinstance(seat, Registration) else "ticket_id"
    return {number: seat.pk, "offer_id": seat.offer_id, "student_id": seat.student_id}


def held(seat: Seat, until: datetime | None) -> None:
    seat.state, seat.held_until, seat.ended_at, seat.why = State.HELD, until, None, ""
    seat.save()
    tell(told_of(seat).held, seat, seat.created_at if until is None else until)


def confirm(seat: Seat, at: datetime) -> None:
    seat.state, seat.held_until, seat.confirmed_at = State.CONFIRMED, None, at
    seat.save(update_fields=["state", "held_until", "confirmed_at"])
    tell(told_of(seat).confirmed, seat, at)


def end(seat: Seat, state: str, why: str, at: datetime | None = None) -> None:
    was_confirmed = seat.state != State.HELD
    at = at or timezone.now()
    seat.state, seat.ended_at, seat.held_until, seat.why = state, at, None, why[:300]
    seat.save(update_fields=["state", "ended_at", "held_until", "why"])
    spot_events = told_of(seat)
    tell(spot_events.ended if was_confirmed else spot_events.hold_ended, seat, at)


def cancel_all(seats: Iterable[Seat], why: str) -> None:
    seats, at = list(seats), timezone.now()
    if not seats:
        return
    values = {"state": State.CANCELLED, "ended_at": at, "held_until": None, "why": why[:300]}
    type(seats[0])._default_manager.filter(pk__in=[seat.pk for seat in seats]).update(**values)
    spot_events = told_of(seats[0])
    for event, was_held in ((spot_events.ended, False), (spot_events.hold_ended, True)):
        affected = [seat for seat in seats if (seat.state == State.HELD) is was_held]
        emit_many(event, {_key(seat, at): _about(seat) for seat in affected})


def lapse(late: Iterable[Seat]) -> int:
    overdue = list(late)
    for seat in overdue:
        end(seat, State.LAPSED, "")
    return len(overdue)


def move(seat: Seat, before: str, after: str, why: str, by: User | None) -> bool:
    """Suspends or resumes a spot. Returns False if its state has changed in the meantime."""
    updated = type(seat)._default_manager.filter(pk=seat.pk, state=before).update(state=after, why=why[:300])
    if not updated:
        return False
    seat.refresh_from_db()
    event = told_of(seat).suspended if after == State.ON_HOLD else told_of(seat).confirmed
    if by is not None:
        record(by, event.name, seat, why=why)
    tell(event, seat, timezone.now())
    return True
