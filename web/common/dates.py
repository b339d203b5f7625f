"""The school's clock: times on the wall where the school is, and how days and times are written."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.utils import timezone

MINUTE = timedelta(minutes=1)
WEEK = timedelta(weeks=1)
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def at(day: date, clock: time, zone: tzinfo | None = None) -> datetime:
    """The moment, in UTC, when the wall clock shows this on that day.

    A time that the change of clocks skips becomes the next real minute; one that comes twice means the first.
    UTC because Python compares two times of one zone by what the wall shows, which is wrong in that very hour.
    """
    return moment_of(datetime.combine(day, clock), zone or timezone.get_default_timezone())


def later(start: datetime, minutes: int, zone: tzinfo | None = None) -> datetime:
    """`minutes` further on the wall clock, whatever the clocks do in between."""
    zone = zone or timezone.get_default_timezone()
    wall = start.astimezone(zone).replace(tzinfo=None, fold=0)
    return moment_of(wall + minutes * MINUTE, zone)


def moment_of(wall: datetime, zone: tzinfo) -> datetime:
    while True:
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
            return moment
        wall += MINUTE


def local(moment: datetime) -> datetime:
    return moment.astimezone(timezone.get_default_timezone())


def today() -> date:
    """The day it is at the school, not in Greenwich."""
    return local(timezone.now()).date()


def day(value: date) -> str:
    """As it is said at the front desk: Tue 7 Jan 2025."""
    return f"{WEEKDAYS[value.weekday()][:3]} {value.day} {value:%b %Y}"


def clock(value: time | datetime, *, minutes: bool = True, half: bool = True) -> str:
    shown = f"{value.hour % 12 or 12}:{value.minute:02}" if minutes else str(value.hour % 12 or 12)
    return f"{shown} {'am' if value.hour < 12 else 'pm'}" if half else shown


def span(start: time | datetime, end: time | datetime) -> str:
    """A range as people write it: “am” or “pm” once when it is the same, minutes only when there are any."""
    minutes = bool(start.minute or end.minute)
    same_half = (start.hour < 12) == (end.hour < 12)
    return f"{clock(start, minutes=minutes, half=not same_half)} – {clock(end, minutes=minutes)}"
