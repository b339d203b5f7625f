"""A machine whose clock jumped must neither stop the jobs nor hide that no worker is running."""

from datetime import timedelta
from typing import Any

from django.test import TestCase
from django.utils import timezone

from outbox.domain.scheduler import run_due_jobs
from outbox.models import JobRow, Worker
from outbox.periodic_jobs import Job

HERE = "tests.outbox.test_clock_jumps"
HOURLY = Job(f"{HERE}.do_nothing_hourly", every=timedelta(hours=1))
DAILY = Job(f"{HERE}.do_nothing_daily", at=(timezone.datetime(2026, 1, 1, 3)).time())  # type: ignore[attr-defined]


def do_nothing_hourly() -> None:
    """A job that does nothing."""


do_nothing_daily = do_nothing_hourly


class JobAfterClockJumpTest(TestCase):
    def create_row(self, job: Job, **values: Any) -> JobRow:
        return JobRow.objects.create(name=job.name, **values)

    def run_all(self) -> list[str]:
        return sorted(run_due_jobs(declared=[HOURLY, DAILY]))

    def test_job_that_is_due_later_than_its_next_slot_runs_now(self) -> None:
        now = timezone.now()
        for job in (HOURLY, DAILY):
            self.create_row(job, due_at=now + timedelta(days=3))
        self.assertEqual(self.run_all(), ["tests.do_nothing_daily", "tests.do_nothing_hourly"])
        for job in (HOURLY, DAILY):
            self.assertLessEqual(JobRow.objects.get(name=job.name).due_at, job.slot_after(timezone.now()))
        self.assertEqual(self.run_all(), [])

    def test_job_that_is_due_at_its_next_slot_does_not_run_yet(self) -> None:
        now = timezone.now()
        for job in (HOURLY, DAILY):
            self.create_row(job, due_at=job.slot_after(now))
        self.assertEqual(self.run_all(), [])

    def test_job_lease_that_ends_too_far_in_the_future_is_ignored(self) -> None:
        self.create_row(HOURLY, due_at=timezone.now() + timedelta(days=3), lease="of another machine")
        self.create_row(DAILY, due_at=timezone.now() + timedelta(seconds=20), lease="of a worker at work")
        self.assertEqual(self.run_all(), ["tests.do_nothing_hourly"])


class HealthAfterClockJumpTest(TestCase):
    def health_response(self) -> Any:
        return self.client.get("/healthz?all=1")

    def test_worker_with_a_heartbeat_in_the_future_does_not_count_as_working(self) -> None:
        Worker.objects.create(name="ahead", seen_at=timezone.now() + timedelta(days=3))
        self.assertEqual(self.health_response().status_code, 503)
        self.assertFalse(self.health_response().json()["worker"]["working"])
        Worker.objects.create(name="right", seen_at=timezone.now())
        self.assertTrue(self.health_response().json()["worker"]["working"])

    def test_health_check_reports_overdue_jobs(self) -> None:
        Worker.objects.create(name="right", seen_at=timezone.now())
        self.assertEqual(self.health_response().json()["jobs"], {"overdue": 0, "failing": 0})
        JobRow.objects.create(name="billing.expire_overdue_holds", due_at=timezone.now() - timedelta(minutes=20))
        self.assertEqual(
            (self.health_response().status_code, self.health_response().json()["jobs"]["overdue"]), (503, 1)
        )

    def test_health_check_ignores_jobs_that_no_app_declares_anymore(self) -> None:
        Worker.objects.create(name="right", seen_at=timezone.now())
        JobRow.objects.create(name="choir.retired", due_at=timezone.now() - timedelta(days=20), failures=3)
        response = self.health_response()
        self.assertEqual((response.status_code, response.json()["jobs"]), (200, {"overdue": 0, "failing": 0}))

    def test_health_check_counts_a_job_due_far_in_the_future_as_overdue(self) -> None:
        Worker.objects.create(name="right", seen_at=timezone.now())
        JobRow.objects.create(name="billing.expire_overdue_holds", due_at=timezone.now() + timedelta(days=3))
        self.assertEqual(
            (self.health_response().status_code, self.health_response().json()["jobs"]["overdue"]), (503, 1)
        )
