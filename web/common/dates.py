"""Dates and times in the time zone of the school."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MINUTE = timedelta(minutes=1)
WEEK = timedelta(weeks=1)
WEEKDAYS = [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")]


def local_moment(day: date, clock: time, zone: tzinfo | None = None) -> datetime:
    """The moment in UTC at which the clock shows this time on this day.

    If daylight saving time skips the time, the next existing minute is returned. If the time occurs twice, the first
    one is returned. The answer is in UTC because Python compares two times of the same zone by their clock time, which
    is wrong in the hour of the change.
    """
    return wall_time_to_utc(datetime.combine(day, clock), zone or timezone.get_default_timezone())


def end_of_day(day: date) -> datetime:
    """The first moment of the next day."""
    return local_moment(day + timedelta(days=1), time.min)


def day_that_ends_at(moment: datetime) -> date | None:
    before = to_local_time(moment - timedelta(microseconds=1)).date()
    return before if end_of_day(before) == moment else None


def add_wall_minutes(start: datetime, minutes: int, zone: tzinfo | None = None) -> datetime:
    """Add minutes as a clock on the wall shows them, even if daylight saving time starts or ends in between."""
    zone = zone or timezone.get_default_timezone()
    wall_time = start.astimezone(zone).replace(tzinfo=None, fold=0)
    return wall_time_to_utc(wall_time + minutes * MINUTE, zone)


def wall_time_to_utc(wall_time: datetime, zone: tzinfo) -> datetime:
    while True:
        moment = wall_time.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall_time:
            return moment
        wall_time += MINUTE


def to_local_time(moment: datetime) -> datetime:
    return moment.astimezone(timezone.get_default_timezone())


def local_today() -> date:
    return to_local_time(timezone.now()).date()
