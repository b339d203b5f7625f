"""The deadline of a waitlist offer."""

from datetime import datetime, time, timedelta

from common import dates

SOON = timedelta(hours=48)
SHORT = timedelta(hours=3)
MORNING, NIGHT = time(8), time(22)


def offer_deadline(at: datetime, hours: int, next_meeting: datetime | None) -> datetime:
    """The time is shorter if the class meets soon. It never ends at night or after the next meeting has started."""
    is_soon = next_meeting is not None and next_meeting - at <= SOON
    end = at + (SHORT if is_soon else timedelta(hours=hours))
    local_end = dates.to_local_time(end)
    if not MORNING <= local_end.time() < NIGHT:
        day = local_end.date() + timedelta(days=local_end.time() >= NIGHT)
        end = dates.local_moment(day, MORNING)
    return end if next_meeting is None else min(end, next_meeting)
