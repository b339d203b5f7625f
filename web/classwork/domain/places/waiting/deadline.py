"""Until when a place that was offered is kept. Pure."""

from datetime import datetime, time, timedelta

from common import dates

SOON = timedelta(hours=48)
SHORT = timedelta(hours=3)
MORNING, NIGHT = time(8), time(22)


def until(at: datetime, hours: int, next_meeting: datetime | None) -> datetime:
    """Shorter when the class meets soon, not at night, and never into the meeting."""
    soon = next_meeting is not None and next_meeting - at <= SOON
    end = _by_day(at + (SHORT if soon else timedelta(hours=hours)))
    return end if next_meeting is None else min(end, next_meeting)


def _by_day(end: datetime) -> datetime:
    wall = dates.local(end)
    if MORNING <= wall.time() < NIGHT:
        return end
    day = wall.date() + timedelta(days=wall.time() >= NIGHT)
    return dates.at(day, MORNING)
