"""Running of the periodic jobs that are due, each in one worker at a time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db.models import F
from django.utils import timezone

from outbox import causation
from outbox.domain import delivery_results
from outbox.domain.deliveries import RECEIVER_ERRORS
from outbox.domain.leases import keep_lease, lease_time
from outbox.models import JobRow
from outbox.periodic_jobs import Job, declared_jobs
from outbox.work_queues import Stop, never_stop

FAILURE_DELAY = timedelta(minutes=5)


def run_due_jobs(stop: Stop = never_stop, declared: Sequence[Job] | None = None) -> list[str]:
    """Return the names of the jobs that this process ran."""
    jobs = {job.name: job for job in (declared_jobs() if declared is None else declared)}
    rows = {row.name: row for row in JobRow.objects.filter(name__in=jobs).order_by("due_at")}
    for name in jobs.keys() - rows.keys():
        # An interval job first runs immediately; a daily job waits for its time of day.
        start = timezone.now()
        due_at = start if jobs[name].at is None else jobs[name].slot_after(start)
        rows[name], _ = JobRow.objects.get_or_create(name=name, defaults={"due_at": due_at})
    now = timezone.now()
    due = [name for name, row in rows.items() if row.due_at <= now or is_due_too_far_ahead(row, jobs[name], now)]
    return [name for name in due if not stop() and claim_and_run_job(jobs[name], rows[name].due_at)]


def is_due_too_far_ahead(row: JobRow, job: Job, now: datetime) -> bool:
    """Whether a job is due later than any correct clock would have set, because a clock had jumped.

    Such a job is treated as due now, because otherwise it would not run until that time.
    """
    return row.due_at > (now + 2 * lease_time() if row.lease else job.slot_after(now))


def claim_and_run_job(job: Job, due_at: datetime) -> bool:
    """Return False if another worker has already claimed the job that was due at `due_at`."""
    now = timezone.now()
    lease = causation.new_id()
    claimed = JobRow.objects.filter(name=job.name, due_at=due_at).update(
        due_at=now + lease_time(), lease=lease, started_at=now, ended_at=None
    )
    if not claimed:
        return False
    error = ""
    try:
        with (
            keep_lease(partial(renew_job_lease, lease)),
            causation.caused_by(causation.Cause(f"job {job.name}", request_id=lease)),
        ):
            job()
    except RECEIVER_ERRORS as raised:
        error = delivery_results.describe_error(raised)
        delivery_results.log.warning("Job %s failed: %s", job.name, error.partition("\n")[0])
    finish_job(job, lease, now, error)
    return True


def finish_job(job: Job, lease: str, started_at: datetime, error: str) -> None:
    now = timezone.now()
    due_at = job.slot_after(started_at)
    if error:
        # A failed job is retried before its next slot if that slot is far away.
        due_at = min(max(due_at, now), now + FAILURE_DELAY)
    JobRow.objects.filter(name=job.name, lease=lease).update(
        due_at=due_at, lease="", ended_at=now, error=error, failures=F("failures") + 1 if error else 0
    )


def renew_job_lease(lease: str) -> None:
    JobRow.objects.filter(lease=lease).update(due_at=timezone.now() + lease_time())
