"""When a resource opens and expires, computed from the meetings of a class. Pure functions.

“Class n” is the n-th meeting that is not canceled. If there are fewer, the planned end of the last meeting counts, so
that canceling a meeting never opens anything earlier.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from classwork.rules.timetable import ScheduledMeeting
from common import dates

SIGN_UP, CLASS, COMPLETION = "sign_up", "class", "completion"


@dataclass(frozen=True)
class ReleaseRule:
    release_moment: str
    class_number: int | None = None
    expires_after: int | None = None


@dataclass(frozen=True)
class ClassRun:
    """The meetings of one class: the ends of those that are not canceled, in order; the planned end of the last one;
    and the days on which the class does not meet."""

    ends: tuple[datetime, ...]
    planned_end: datetime
    off: frozenset[date] = frozenset()

    def after(self, number: int) -> datetime:
        return self.ends[number - 1] if number <= len(self.ends) else self.planned_end


@dataclass(frozen=True)
class ReleaseWindow:
    """None as `opens_at` means on registration, and None as `last_day` means that it never expires."""

    opens_at: datetime | None
    last_day: date | None


def class_run(
    meetings: Iterable[ScheduledMeeting], skipped: Iterable[date], zone: tzinfo | None = None
) -> ClassRun | None:
    known = list(meetings)
    if not known:
        return None
    canceled = (local_date_of_moment(meeting.slot.starts_at, zone) for meeting in known if meeting.canceled)
    return ClassRun(
        ends=tuple(sorted(meeting.slot.ends_at for meeting in known if not meeting.canceled)),
        planned_end=max(meeting.slot.ends_at for meeting in known),
        off=frozenset((*skipped, *canceled)),
    )


def release_window(rule: ReleaseRule, run: ClassRun, zone: tzinfo | None = None) -> ReleaseWindow:
    opens_at: datetime | None
    if rule.release_moment == SIGN_UP:
        opens_at = None
    elif rule.release_moment == COMPLETION or rule.class_number is None:
        opens_at = run.planned_end
    else:
        opens_at = run.after(rule.class_number)
    if rule.expires_after is None:
        return ReleaseWindow(opens_at, None)
    counted_from = local_date_of_moment(run.after(1) if opens_at is None else opens_at, zone)
    return ReleaseWindow(opens_at, last_day(counted_from, rule.expires_after, run.off))


def last_day(first: date, weeks: int, off: Iterable[date]) -> date:
    """Each day off in between adds a week, and so does a day off in an added week."""
    last = first + timedelta(weeks=weeks)
    for day in sorted(off):
        if first < day <= last:
            last += timedelta(weeks=1)
    return last


def local_date_of_moment(moment: datetime, zone: tzinfo | None = None) -> date:
    return (moment.astimezone(zone) if zone else dates.to_local_time(moment)).date()
