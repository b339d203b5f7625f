"""Computes meetings from a rule, and the changes from the stored meetings to those of a changed rule. Pure
functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from classwork.rules.calendar import SessionPlan, first_day
from common import dates
from common.formats import format_date, format_time_span


@dataclass(frozen=True)
class MeetingRule:
    """A class meets once a week from its first day on, except on the skipped dates."""

    class_day: int
    start_time: time
    minutes: int
    weeks: int
    skipped: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Slot:
    starts_at: datetime
    ends_at: datetime

    def overlaps(self, other: Slot) -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def __str__(self) -> str:
        return f"{format_date(self.starts_at)}, {format_time_span(self.starts_at, self.ends_at)}"


@dataclass(frozen=True)
class ScheduledMeeting:
    """A stored meeting. Extra meetings have no number, because they do not follow the rule."""

    pk: int
    number: int | None
    slot: Slot
    by_hand: bool = False
    canceled: bool = False


@dataclass(frozen=True)
class MeetingChange:
    """One meeting that is added, moved, canceled or removed. Extra meetings have no number."""

    number: int | None
    pk: int | None
    before: Slot | None
    after: Slot | None
    was_canceled: bool = False
    canceled: bool = False


def meeting_days(first: date, weeks: int, skipped: Iterable[date]) -> list[date]:
    """A skipped date is made up for a week later, at the end."""
    left_out, day = set(skipped), first
    result: list[date] = []
    while len(result) < weeks:
        if day not in left_out:
            result.append(day)
        day += timedelta(weeks=1)
    return result


def stray_skips(first: date, weeks: int, skipped: Iterable[date]) -> list[date]:
    left_out = set(skipped)
    last = meeting_days(first, weeks, left_out)[-1]
    return sorted(day for day in left_out if not first <= day < last or (day - first).days % 7)


def nearest_meeting(day: date, first: date, weeks: int, skipped: Iterable[date]) -> date:
    meeting_dates = meeting_days(first, weeks, (other for other in skipped if other != day))
    return min(meeting_dates, key=lambda other: (abs((other - day).days), other))


def meeting_slots(plan: SessionPlan, rule: MeetingRule, zone: tzinfo | None = None) -> list[Slot]:
    result = []
    for day in meeting_days(first_day(plan, rule.class_day), rule.weeks, rule.skipped):
        start = dates.local_moment(day, rule.start_time, zone)
        result.append(Slot(start, dates.add_wall_minutes(start, rule.minutes, zone)))
    return result


def meeting_changes(stored: Sequence[ScheduledMeeting], planned: Sequence[Slot], now: datetime) -> list[MeetingChange]:
    """Meetings that have begun or were moved by a person stay, and the rest follows the rule.

    If the last meeting of a class has begun, no rule adds meetings to it.
    """
    if is_class_over(stored, now):
        return []
    numbered = {meeting.number: meeting for meeting in stored if meeting.number is not None}
    changes = []
    for number, slot in enumerate(planned, start=1):
        meeting = numbered.get(number)
        if meeting is None:
            changes.append(MeetingChange(number, None, None, slot))
        elif meeting.slot != slot and not meeting.by_hand and meeting.slot.starts_at > now:
            changes.append(MeetingChange(number, meeting.pk, meeting.slot, slot, meeting.canceled, meeting.canceled))
    surplus = [meeting for number, meeting in numbered.items() if number > len(planned)]
    return changes + [
        MeetingChange(meeting.number, meeting.pk, meeting.slot, None, meeting.canceled, meeting.canceled)
        for meeting in surplus
    ]


def is_class_over(stored: Sequence[ScheduledMeeting], now: datetime) -> bool:
    return bool(stored) and all(meeting.slot.starts_at <= now for meeting in stored)


def slots_after(stored: Iterable[ScheduledMeeting], changes: Iterable[MeetingChange]) -> list[Slot]:
    by_pk = {meeting.pk: meeting.slot for meeting in stored if not meeting.canceled}
    for change in changes:
        if change.pk is not None:
            by_pk.pop(change.pk, None)
    new = [change.after for change in changes if change.after and not change.canceled]
    return sorted([*by_pk.values(), *new], key=lambda slot: slot.starts_at)
