"""Records changes of a class in the history and emits their events, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from classwork import events
from classwork.domain.schedule import effects as schedule_effects
from classwork.domain.schedule.previews import ScheduleEffect
from classwork.models import Meeting
from classwork.rules.timetable import Slot
from history.domain import record_action
from outbox.domain import emit
from users.models import User


def apply_schedule_changes(actor: User | None, effects: Iterable[ScheduleEffect], now: datetime, why: str = "") -> None:
    effects = list(effects)
    schedule_effects.write_meetings(effects, now)
    for effect in effects:
        announce_schedule(actor, effect, why)


def announce_schedule(actor: User | None, effect: ScheduleEffect, why: str = "") -> None:
    moves = [
        {"meeting": str(step.pk or ""), "before": _slot_start_text(step.before), "after": _slot_start_text(step.after)}
        for step in effect.steps
    ]
    entry = record_action(actor, "classwork.schedule_changed", effect.class_offer, why=why, moves=moves)
    emit(events.SCHEDULE_CHANGED, key=f"change {entry.pk}", class_offer_id=effect.class_offer.pk, change=entry.pk)


def _slot_start_text(slot: Slot | None) -> str:
    return slot.starts_at.isoformat() if slot else ""


def announce_meeting(actor: User | None, action: str, meeting: Meeting, *, why: str = "", **details: Any) -> None:
    entry = record_action(actor, action, meeting, why=why, class_offer=meeting.class_offer_id, **details)
    emit(events.SCHEDULE_CHANGED, key=f"change {entry.pk}", class_offer_id=meeting.class_offer_id, change=entry.pk)
