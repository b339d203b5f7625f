"""The state changes of registrations, each with its event. The caller holds the lock of the class."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from history.domain import record_action
from outbox.declare import EventType
from outbox.domain import emit, emit_many
from registrations import events
from registrations.models import Registration
from users.models import User

State = Registration.State


def emit_registration_event(event: EventType, registration: Registration, at: datetime) -> None:
    emit(event, key=_event_key(registration, at), **_event_data(registration))


def _event_key(registration: Registration, at: datetime) -> str:
    return f"{registration.pk} {at.isoformat()}"


def _event_data(registration: Registration) -> dict[str, int | None]:
    return {
        "registration_id": registration.pk,
        "class_offer_id": registration.class_offer_id,
        "meeting_id": registration.meeting_id,
        "student_id": registration.student_id,
    }


def start_hold(registration: Registration) -> None:
    registration.state, registration.ended_at, registration.end_reason = State.HELD, None, ""
    registration.save()


def confirm_spot(registration: Registration, at: datetime) -> None:
    registration.state, registration.confirmed_at = State.CONFIRMED, at
    registration.save(update_fields=["state", "confirmed_at"])
    emit_registration_event(events.REGISTRATION_CONFIRMED, registration, at)


def end_spot(registration: Registration, state: str, why: str, at: datetime | None = None) -> None:
    event = events.HOLD_EXPIRED if registration.state == State.HELD else events.REGISTRATION_ENDED
    at = at or timezone.now()
    registration.state, registration.ended_at, registration.end_reason = state, at, why[:300]
    registration.save(update_fields=["state", "ended_at", "end_reason"])
    emit_registration_event(event, registration, at)


def cancel_spots(registrations: Iterable[Registration], why: str) -> None:
    registrations, at = list(registrations), timezone.now()
    values = {"state": State.CANCELED, "ended_at": at, "end_reason": why[:300]}
    Registration.objects.filter(pk__in=[registration.pk for registration in registrations]).update(**values)
    for event, was_held in ((events.REGISTRATION_ENDED, False), (events.HOLD_EXPIRED, True)):
        affected = [each for each in registrations if (each.state == State.HELD) is was_held]
        emit_many(event, {_event_key(each, at): _event_data(each) for each in affected})


def expire_holds(late: Iterable[Registration]) -> int:
    overdue = list(late)
    for registration in overdue:
        end_spot(registration, State.EXPIRED, "")
    return len(overdue)


def change_spot_state(registration: Registration, before: str, after: str, why: str, by: User | None) -> bool:
    """Suspends or resumes a spot. Returns False if its state has changed in the meantime."""
    unchanged = Registration.objects.filter(pk=registration.pk, state=before)
    if not unchanged.update(state=after, end_reason=why[:300]):
        return False
    registration.refresh_from_db()
    event = events.REGISTRATION_SUSPENDED if after == State.ON_HOLD else events.REGISTRATION_CONFIRMED
    if by is not None:
        record_action(by, event.name, registration, why=why)
    emit_registration_event(event, registration, timezone.now())
    return True
