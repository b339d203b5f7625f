"""Periodic jobs, which are declared in `<app>/jobs.py`:

    JOBS = [
        Job("choir.domain.reminders.send_reminders", every=timedelta(hours=1)),
        Job("choir.domain.lottery.draw_lots", at=time(9, 0)),  # in the school's time zone
    ]

A job is a function without arguments. Its name is that of its app and function, such as `choir.draw_lots`. It runs once
in each slot of its interval, in the first worker that claims it. After a downtime it runs once, however many slots were
missed. After a failure or a crash it is tried again soon.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.utils import timezone
from django.utils.module_loading import import_string

from common.app_modules import app_modules

EPOCH = datetime(2001, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Job:
    run: str
    every: timedelta = timedelta(days=1)
    at: time | None = None

    @property
    def name(self) -> str:
        return f"{self.run.partition('.')[0]}.{self.run.rpartition('.')[2]}"

    def slot_after(self, moment: datetime) -> datetime:
        if self.at is None:
            return moment + self.every - (moment - EPOCH) % self.every
        local = timezone.localtime(moment)
        today = timezone.make_aware(datetime.combine(local.date(), self.at))
        if today > moment:
            return today
        return timezone.make_aware(datetime.combine(local.date() + timedelta(days=1), self.at))

    def __call__(self) -> None:
        import_string(self.run)()


def declared_jobs() -> list[Job]:
    return [job for module in app_modules("jobs") for job in module.JOBS]
