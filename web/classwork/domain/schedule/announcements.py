"""Records changes of a class in the history and emits their events, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from classwork import events
from classwork.domain.schedule import schedule_effects
from classwork.domain.schedule.previews import Effect
from classwork.domain.timetable import Slot, Step
from classwork.models import Meeting
from history.domain import record
from outbox.declare import EventType
from outbox.domain import emit
from users.models import User


def carry_out(actor: User | None, effects: Iterable[Effect], now: datetime, why: str = "") -> None:
    found = list(effects)
    schedule_effects.write(found, now)
    for effect in found:
        announce_schedule(actor, effect, why)


def announce_schedule(actor: User | None, effect: Effect, why: str = "") -> None:
    moves = [_move(step) for step in effect.steps]
    entry = record(actor, "classwork.schedule_changed", effect.offer, why=why, moves=moves)
    emit(events.SCHEDULE_CHANGED, key=f"change {entry.pk}", offer_id=effect.offer.pk, change=entry.pk, moves=moves)


def _move(step: Step) -> dict[str, str]:
    return {"meeting": str(step.pk or ""), "before": _moment(step.before), "after": _moment(step.after)}


def _moment(slot: Slot | None) -> str:
    return slot.starts_at.isoformat() if slot else ""


def announce_meeting(actor: User | None, event: EventType, meeting: Meeting, *, why: str = "", **details: Any) -> None:
    entry = record(actor, event.name, meeting, why=why, offer=meeting.offer_id, **details)
    emit(event, key=f"change {entry.pk}", offer_id=meeting.offer_id, meeting_id=meeting.pk, change=entry.pk)
