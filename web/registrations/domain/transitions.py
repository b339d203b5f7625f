"""The state changes of registrations, each with its event. The caller holds the lock of the class."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils import timezone

from history.domain import record_action
from outbox.declare import EventType
from outbox.domain import emit, emit_many
from registrations import events
from registrations.models import Registration
from users.models import User

State = Registration.State


def start_holds(registrations: Sequence[Registration]) -> None:
    for registration in registrations:
        registration.state, registration.ended_at, registration.end_reason = State.HELD, None, ""
        if registration.pk is not None:
            registration.save()
    Registration.objects.bulk_create([each for each in registrations if each.pk is None])


def confirm_spots(registrations: Sequence[Registration], at: datetime) -> None:
    _store(registrations, state=State.CONFIRMED, confirmed_at=at)
    _emit_for_each(events.REGISTRATION_CONFIRMED, registrations, at)


def end_spots(registrations: Iterable[Registration], state: str, why: str, at: datetime | None = None) -> None:
    registrations, at = list(registrations), at or timezone.now()
    held = [each for each in registrations if each.state == State.HELD]
    others = [each for each in registrations if each.state != State.HELD]
    _store(registrations, state=state, ended_at=at, end_reason=why[:300])
    _emit_for_each(events.HOLD_EXPIRED, held, at)
    _emit_for_each(events.REGISTRATION_ENDED, others, at)


def change_spot_state(registration: Registration, before: str, after: str, why: str, by: User | None) -> bool:
    """Suspends or resumes a spot. Returns False if its state has changed in the meantime."""
    unchanged = Registration.objects.filter(pk=registration.pk, state=before)
    if not unchanged.update(state=after, end_reason=why[:300]):
        return False
    registration.refresh_from_db()
    event = events.REGISTRATION_SUSPENDED if after == State.ON_HOLD else events.REGISTRATION_CONFIRMED
    if by is not None:
        record_action(by, event.name, registration, why=why)
    emit(event, key=_event_key(registration, timezone.now()), **_event_data(registration))
    return True


def _store(registrations: Sequence[Registration], **values: object) -> None:
    if not registrations:
        return
    Registration.objects.filter(pk__in=[registration.pk for registration in registrations]).update(**values)
    for registration in registrations:
        for name, value in values.items():
            setattr(registration, name, value)


def _emit_for_each(event: EventType, registrations: Iterable[Registration], at: datetime) -> None:
    emit_many(event, {_event_key(each, at): _event_data(each) for each in registrations})


def _event_key(registration: Registration, at: datetime) -> str:
    return f"{registration.pk} {at.isoformat()}"


def _event_data(registration: Registration) -> dict[str, int | None]:
    return {
        "registration_id": registration.pk,
        "class_offer_id": registration.class_offer_id,
        "meeting_id": registration.meeting_id,
        "student_id": registration.student_id,
    }
