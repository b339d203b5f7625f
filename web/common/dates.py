"""The school's clock: times on the wall where the school is."""

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


def end_of(day: date) -> datetime:
    """The first moment that is not that day any more."""
    return at(day + timedelta(days=1), time.min)


def day_that_ends_at(moment: datetime) -> date | None:
    """The day whose end this is; None for any other moment."""
    before = local(moment - timedelta(microseconds=1)).date()
    return before if end_of(before) == moment else None


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
