"""Every date that follows from a rule. These functions only compute: they read and write nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol, TypeVar

MOST_WEEKS, FARTHEST_SHIFT = 53, 6


@dataclass(frozen=True)
class CalendarRules:
    """The school's settings for all sessions."""

    minimum_weeks: int
    expire_days: int
    short_expire_days: int
    key_weekday: int | None = None
    """The weekday on which the first session starts; later sessions follow from it. None means today's weekday."""


class ImpossiblePlan(ValueError):
    """The values do not describe a possible session."""


@dataclass(frozen=True)
class SessionPlan:
    """The dates of a session. `shift` is how many days other class days may differ from the key day.

    Raises ImpossiblePlan for values that the form and the table refuse too.
    """

    key_day: date
    shift: int = 0
    weeks: int = 5
    skip_weeks: int = 0
    flip_last_day: bool = False
    break_weeks: int = 0
    publish: date | None = None
    expire: date | None = None
    pk: int | None = None
    name: str = ""

    def __post_init__(self) -> None:
        impossible = {
            "A session has between 1 and 53 weeks.": not 1 <= self.weeks <= MOST_WEEKS,
            "Other class days are less than a week from the key day.": abs(self.shift) > FARTHEST_SHIFT,
            "Skipped weeks and breaks are counted from 0.": min(self.skip_weeks, self.break_weeks) < 0,
            "The last day is moved only where a week is skipped.": self.flip_last_day and not self.skip_weeks,
        }
        if problems := " ".join(text for text, is_so in impossible.items() if is_so):
            raise ImpossiblePlan(problems)

    @property
    def start(self) -> date:
        return self.key_day + timedelta(min(self.shift, 0))

    @property
    def end(self) -> date:
        """The last class day. It belongs to the earlier weekday when the skipped class moved behind the class of the
        key day."""
        shifted = self.flip_last_day if self.shift < 0 else not self.flip_last_day
        return self.key_day + timedelta(weeks=self.weeks + self.skip_weeks - 1, days=self.shift if shifted else 0)

    def overlaps(self, other: SessionPlan) -> bool:
        return self.start <= other.end and other.start <= self.end

    def moved(self, weeks: int) -> SessionPlan:
        return replace(self, key_day=self.key_day + timedelta(weeks=weeks))


@dataclass(frozen=True)
class SessionDefaults:
    """Suggested values for a new session."""

    key_day: date
    publish: date


def is_short_session(plan: SessionPlan, rules: CalendarRules) -> bool:
    return plan.weeks < rules.minimum_weeks


def expire_default(plan: SessionPlan, rules: CalendarRules) -> date:
    # Skipped weeks do not extend the period, because people join at the beginning.
    days = rules.short_expire_days if is_short_session(plan, rules) else rules.expire_days
    return plan.key_day + timedelta(max(plan.shift, 0) + days)


def natural_next_key_day(plan: SessionPlan) -> date:
    """The key day that follows when no other session is in the way.

    One week is gained when only the other class days were skipped, however many weeks that was: the last of them falls
    into the week in which the key day is free again.
    """
    only_others_skip = plan.skip_weeks > 0 and (plan.flip_last_day if plan.shift <= 0 else not plan.flip_last_day)
    return plan.key_day + timedelta(weeks=plan.weeks + plan.skip_weeks + plan.break_weeks - int(only_others_skip))


def next_defaults(earlier: Iterable[SessionPlan], today: date, rules: CalendarRules) -> SessionDefaults:
    """Short sessions do not set the school's rhythm, but no session starts before they have ended."""
    known = sorted(earlier, key=lambda plan: plan.key_day)
    if not known:
        wait = 0 if rules.key_weekday is None else (rules.key_weekday - today.weekday()) % 7
        return SessionDefaults(today + timedelta(wait), today)
    long = [plan for plan in known if not is_short_session(plan, rules)]
    reference = (long or known)[-1]
    key_day, last = natural_next_key_day(reference), max(plan.end for plan in known)
    while key_day <= last:
        key_day += timedelta(weeks=1)
    publish = (reference.expire or expire_default(reference, rules)) if long else today
    return SessionDefaults(key_day, publish)


def overlapping_sessions(plan: SessionPlan, others: Iterable[SessionPlan]) -> list[SessionPlan]:
    rivals = (other for other in others if plan.pk is None or other.pk != plan.pk)
    return sorted((other for other in rivals if plan.overlaps(other)), key=lambda other: other.key_day)


def moved_clear_of_overlaps(plan: SessionPlan, others: Sequence[SessionPlan]) -> SessionPlan:
    """The same session, moved by the fewest whole weeks after which it overlaps with no other session."""
    while rivals := overlapping_sessions(plan, others):
        days = (max(rival.end for rival in rivals) - plan.start).days
        plan = plan.moved(days // 7 + 1)
    return plan


def days_from_key_day(key_weekday: int, shift: int, class_day: int) -> int:
    """The number of days from the key day to the first class on a weekday.

    A weekday has a date before and a date after the key day. The date on the side of the shift is used if it is within
    reach, otherwise the one on the other side. Without a shift a class stays in the calendar week of the key day.
    """
    days = class_day - key_weekday
    if days == 0 or shift == 0:
        return days
    before, after = (days, days + 7) if days < 0 else (days - 7, days)
    if shift < 0:
        return before if before >= shift else after
    return after if after <= shift else before


def first_day(plan: SessionPlan, class_day: int) -> date:
    return plan.key_day + timedelta(days_from_key_day(plan.key_day.weekday(), plan.shift, class_day))


def is_within_reach(plan: SessionPlan, class_day: int) -> bool:
    days = days_from_key_day(plan.key_day.weekday(), plan.shift, class_day)
    return min(plan.shift, 0) <= days <= max(plan.shift, 0)


class PublishedSession(Protocol):
    @property
    def key_day_date(self) -> date: ...
    @property
    def publish_date(self) -> date: ...
    @property
    def expire_date(self) -> date: ...


P = TypeVar("P", bound=PublishedSession)


def current_sessions(sessions: Iterable[P], on: date) -> list[P]:
    """The sessions that the site shows on a day: the published ones, or else the last session that was published.

    The site is therefore never empty between two sessions, and a session in planning stays hidden.
    """
    published = sorted(
        (session for session in sessions if session.publish_date <= on), key=lambda session: session.key_day_date
    )
    return [session for session in published if on <= session.expire_date] or published[-1:]


def previous_session(plan: SessionPlan, others: Iterable[SessionPlan]) -> SessionPlan | None:
    earlier = [other for other in others if other.key_day < plan.key_day]
    return max(earlier, key=lambda other: other.key_day, default=None)


def following_session(plan: SessionPlan, others: Iterable[SessionPlan], rules: CalendarRules) -> SessionPlan | None:
    later = [other for other in others if other.key_day > plan.key_day and not is_short_session(other, rules)]
    return min(later, key=lambda other: other.key_day, default=None)
