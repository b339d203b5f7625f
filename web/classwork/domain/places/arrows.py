"""What happens alike to a place in a class and to a ticket for one meeting. The lock of the offer is held."""

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
    """What is told of it."""

    held: EventType
    confirmed: EventType
    suspended: EventType
    ended: EventType
    hold_ended: EventType


OF_PLACES = Told(
    events.PLACE_HELD,
    events.REGISTRATION_CONFIRMED,
    events.REGISTRATION_SUSPENDED,
    events.REGISTRATION_ENDED,
    events.HOLD_ENDED,
)
OF_TICKETS = Told(
    events.TICKET_HELD,
    events.TICKET_CONFIRMED,
    events.TICKET_SUSPENDED,
    events.TICKET_ENDED,
    events.TICKET_HOLD_ENDED,
)


def told_of(seat: Seat) -> Told:
    return OF_PLACES if isinstance(seat, Registration) else OF_TICKETS


def tell(event: EventType, seat: Seat, at: datetime) -> None:
    emit(event, key=_key(seat, at), **_about(seat))


def _key(seat: Seat, at: datetime) -> str:
    return f"{seat.pk} {at.isoformat()}"


def _about(seat: Seat) -> dict[str, int]:
    number = "registration_id" if isinstance(seat, Registration) else "ticket_id"
    return {number: seat.pk, "offer_id": seat.offer_id, "student_id": seat.student_id}


def held(seat: Seat, until: datetime | None) -> None:
    """Anew, or again after it had lapsed."""
    seat.state, seat.held_until, seat.ended_at, seat.why = State.HELD, until, None, ""
    seat.save()
    tell(told_of(seat).held, seat, seat.created_at if until is None else until)


def confirm(seat: Seat, at: datetime) -> None:
    seat.state, seat.held_until, seat.confirmed_at = State.CONFIRMED, None, at
    seat.save(update_fields=["state", "held_until", "confirmed_at"])
    tell(told_of(seat).confirmed, seat, at)


def end(seat: Seat, state: str, why: str, at: datetime | None = None) -> None:
    was_theirs = seat.state != State.HELD
    at = at or timezone.now()
    seat.state, seat.ended_at, seat.held_until, seat.why = state, at, None, why[:300]
    seat.save(update_fields=["state", "ended_at", "held_until", "why"])
    events_of = told_of(seat)
    tell(events_of.ended if was_theirs else events_of.hold_ended, seat, at)


def cancel_all(seats: Iterable[Seat], why: str) -> None:
    """What the school does not hold, in bulk; `seats` are all of one kind."""
    seats, at = list(seats), timezone.now()
    if not seats:
        return
    ended = {"state": State.CANCELLED, "ended_at": at, "held_until": None, "why": why[:300]}
    type(seats[0])._default_manager.filter(pk__in=[seat.pk for seat in seats]).update(**ended)
    events_of = told_of(seats[0])
    for event, was_held in ((events_of.ended, False), (events_of.hold_ended, True)):
        told = [seat for seat in seats if (seat.state == State.HELD) is was_held]
        emit_many(event, {_key(seat, at): _about(seat) for seat in told})


def lapse(late: Iterable[Seat]) -> int:
    """Holds that are over are written down, so that they stand in nobody's way."""
    ended = list(late)
    for seat in ended:
        end(seat, State.LAPSED, "")
    return len(ended)


def move(seat: Seat, before: str, after: str, why: str, by: User | None) -> bool:
    """Into a dispute and out of it. False if it cannot be (any more)."""
    moved = type(seat)._default_manager.filter(pk=seat.pk, state=before).update(state=after, why=why[:300])
    if not moved:
        return False
    seat.refresh_from_db()
    event = told_of(seat).suspended if after == State.ON_HOLD else told_of(seat).confirmed
    if by is not None:
        record(by, event.name, seat, why=why)
    tell(event, seat, timezone.now())
    return True
