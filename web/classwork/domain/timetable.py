"""Computes meetings from a rule, and the changes from the stored meetings to those of a changed rule. Pure
functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from classwork.domain.calendar import SessionPlan, first_day
from common import dates
from common.formats import format_date, format_time_span


@dataclass(frozen=True)
class OfferRule:
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
class Standing:
    """A stored meeting. Extra meetings have no number, because they do not follow the rule."""

    pk: int
    number: int | None
    slot: Slot
    by_hand: bool = False
    cancelled: bool = False


@dataclass(frozen=True)
class Step:
    """One meeting that is added, moved, canceled or removed. Extra meetings have no number."""

    number: int | None
    pk: int | None
    before: Slot | None
    after: Slot | None
    was_cancelled: bool = False
    cancelled: bool = False


def days(first: date, weeks: int, skipped: Iterable[date]) -> list[date]:
    """A skipped date is made up for a week later, at the end."""
    left_out, day = set(skipped), first
    found: list[date] = []
    while len(found) < weeks:
        if day not in left_out:
            found.append(day)
        day += timedelta(weeks=1)
    return found


def stray_skips(first: date, weeks: int, skipped: Iterable[date]) -> list[date]:
    left_out = set(skipped)
    last = days(first, weeks, left_out)[-1]
    return sorted(day for day in left_out if not first <= day < last or (day - first).days % 7)


def nearest_meeting(day: date, first: date, weeks: int, skipped: Iterable[date]) -> date:
    wanted = days(first, weeks, (other for other in skipped if other != day))
    return min(wanted, key=lambda other: (abs((other - day).days), other))


def slots(plan: SessionPlan, rule: OfferRule, zone: tzinfo | None = None) -> list[Slot]:
    found = []
    for day in days(first_day(plan, rule.class_day), rule.weeks, rule.skipped):
        start = dates.at(day, rule.start_time, zone)
        found.append(Slot(start, dates.later(start, rule.minutes, zone)))
    return found


def steps(standing: Sequence[Standing], wanted: Sequence[Slot], now: datetime) -> list[Step]:
    """Meetings that have begun or were moved by a person stay, and the rest follows the rule.

    If the last meeting of a class has begun, no rule adds meetings to it.
    """
    if is_over(standing, now):
        return []
    numbered = {one.number: one for one in standing if one.number is not None}
    found = []
    for number, slot in enumerate(wanted, start=1):
        one = numbered.get(number)
        if one is None:
            found.append(Step(number, None, None, slot))
        elif one.slot != slot and not one.by_hand and one.slot.starts_at > now:
            found.append(Step(number, one.pk, one.slot, slot, one.cancelled, one.cancelled))
    gone = [one for number, one in numbered.items() if number > len(wanted)]
    return found + [Step(one.number, one.pk, one.slot, None, one.cancelled, one.cancelled) for one in gone]


def is_over(standing: Sequence[Standing], now: datetime) -> bool:
    return bool(standing) and all(one.slot.starts_at <= now for one in standing)


def after(standing: Iterable[Standing], taken: Iterable[Step]) -> list[Slot]:
    by_pk = {one.pk: one.slot for one in standing if not one.cancelled}
    for step in taken:
        if step.pk is not None:
            by_pk.pop(step.pk, None)
    new = [step.after for step in taken if step.after and not step.cancelled]
    return sorted([*by_pk.values(), *new], key=lambda slot: slot.starts_at)
