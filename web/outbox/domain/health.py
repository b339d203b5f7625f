"""The health of the queue, for the desk and for monitoring."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q
from django.utils import timezone

from outbox.domain.scheduler import is_due_too_far_ahead
from outbox.models import Delivery, DeliveryState, JobRow, Worker
from outbox.periodic_jobs import Job, declared_jobs
from outbox.work_queues import declared_queues

LATE_AFTER = timedelta(minutes=5)
SILENT_AFTER = timedelta(minutes=2)
CLOCK_TOLERANCE = timedelta(seconds=30)
"""The clock of another machine may be ahead by this much. Heartbeats further in the future are ignored."""


@dataclass(frozen=True)
class QueueHealth:
    due: int
    later: int
    running: int
    parked: int
    done_lately: int
    due_since: datetime | None
    heartbeat: datetime | None
    failing_jobs: int
    overdue_jobs: int
    jobs: list[JobRow]
    workers: list[Worker]
    now: datetime

    @property
    def age(self) -> timedelta:
        return self.now - self.due_since if self.due_since else timedelta()

    @property
    def silence(self) -> timedelta | None:
        return self.now - self.heartbeat if self.heartbeat else None

    @property
    def late(self) -> bool:
        return self.age > LATE_AFTER

    @property
    def working(self) -> bool:
        return self.silence is not None and self.silence < SILENT_AFTER

    @property
    def well(self) -> bool:
        return self.working and not self.late and not self.overdue_jobs


def queue_health() -> QueueHealth:
    now = timezone.now()
    jobs = {job.name: job for job in declared_jobs()}
    rows, workers = list(JobRow.objects.all()), list(Worker.objects.all())
    counted = [row for row in rows if row.name in jobs]  # Not those of jobs that no app declares anymore.
    due = Q(state=DeliveryState.WAITING, due_at__lte=now)
    counts = Delivery.objects.filter(Q(due_at__isnull=False) | Q(state=DeliveryState.PARKED)).aggregate(
        due=Count("pk", filter=due),
        later=Count("pk", filter=Q(state=DeliveryState.WAITING, due_at__gt=now)),
        running=Count("pk", filter=Q(state=DeliveryState.RUNNING)),
        parked=Count("pk", filter=Q(state=DeliveryState.PARKED)),
        due_since=Min("due_at", filter=due),
    )
    for queue in declared_queues():
        count, since = queue.count_backlog()
        counts["due"] += count
        counts["due_since"] = min(filter(None, [counts["due_since"], since]), default=None)
    return QueueHealth(
        **counts,
        done_lately=Delivery.objects.filter(state=DeliveryState.DONE, ended_at__gte=now - timedelta(hours=1)).count(),
        heartbeat=max((each.seen_at for each in workers if each.seen_at <= now + CLOCK_TOLERANCE), default=None),
        failing_jobs=sum(row.failures > 0 for row in counted),
        overdue_jobs=sum(is_job_overdue(row, jobs[row.name], now) for row in counted),
        jobs=rows,
        workers=workers,
        now=now,
    )


def is_job_overdue(row: JobRow, job: Job, now: datetime) -> bool:
    """A job is also overdue if a clock that jumped has moved its due time too far into the future."""
    return row.due_at < now - LATE_AFTER or is_due_too_far_ahead(row, job, now)
