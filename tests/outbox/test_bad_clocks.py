"""A machine whose clock jumped must not silence the jobs, nor hide that nobody works."""

from datetime import timedelta
from typing import Any

from django.test import TestCase
from django.utils import timezone

from outbox.domain.scheduler import run_due_jobs
from outbox.models import JobRow, Worker
from outbox.periodic_jobs import Job

NOTHING = "tests.outbox.test_bad_clocks.nothing"
HOURLY = Job("test.hourly", NOTHING, every=timedelta(hours=1))
DAILY = Job("test.daily", NOTHING, at=(timezone.datetime(2026, 1, 1, 3)).time())  # type: ignore[attr-defined]


def nothing() -> None:
    """A job that does nothing."""


class DisplacedJobTest(TestCase):
    def job(self, job: Job, **values: Any) -> JobRow:
        return JobRow.objects.create(name=job.name, **values)

    def run_all(self) -> list[str]:
        return sorted(run_due_jobs(declared=[HOURLY, DAILY]))

    def test_a_job_that_is_due_further_ahead_than_its_next_slot_is_due_now(self) -> None:
        now = timezone.now()
        for job in (HOURLY, DAILY):
            self.job(job, due_at=now + timedelta(days=3))
        self.assertEqual(self.run_all(), ["test.daily", "test.hourly"])
        for job in (HOURLY, DAILY):
            self.assertLessEqual(JobRow.objects.get(name=job.name).due_at, job.slot_after(timezone.now()))
        self.assertEqual(self.run_all(), [])

    def test_a_job_that_waits_for_its_next_slot_waits(self) -> None:
        now = timezone.now()
        for job in (HOURLY, DAILY):
            self.job(job, due_at=job.slot_after(now))
        self.assertEqual(self.run_all(), [])

    def test_a_lease_that_ends_further_ahead_than_any_lease_is_lost(self) -> None:
        self.job(HOURLY, due_at=timezone.now() + timedelta(days=3), lease="of another machine")
        self.job(DAILY, due_at=timezone.now() + timedelta(seconds=20), lease="of a worker at work")
        self.assertEqual(self.run_all(), ["test.hourly"])


class HealthTest(TestCase):
    def told(self) -> Any:
        return self.client.get("/healthz?all=1")

    def test_a_heartbeat_in_the_future_is_no_sign_of_life(self) -> None:
        Worker.objects.create(name="ahead", seen_at=timezone.now() + timedelta(days=3))
        self.assertEqual(self.told().status_code, 503)
        self.assertFalse(self.told().json()["worker"]["working"])
        Worker.objects.create(name="right", seen_at=timezone.now())
        self.assertTrue(self.told().json()["worker"]["working"])

    def test_overdue_jobs_are_told(self) -> None:
        Worker.objects.create(name="right", seen_at=timezone.now())
        self.assertEqual(self.told().json()["jobs"], {"overdue": 0, "failing": 0})
        JobRow.objects.create(name="billing.lapse", due_at=timezone.now() - timedelta(minutes=20))
        self.assertEqual((self.told().status_code, self.told().json()["jobs"]["overdue"]), (503, 1))

    def test_a_job_that_was_moved_far_ahead_is_overdue(self) -> None:
        Worker.objects.create(name="right", seen_at=timezone.now())
        JobRow.objects.create(name="billing.lapse", due_at=timezone.now() + timedelta(days=3))
        self.assertEqual((self.told().status_code, self.told().json()["jobs"]["overdue"]), (503, 1))
