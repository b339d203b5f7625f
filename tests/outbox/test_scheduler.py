from datetime import UTC, datetime, time, timedelta

from django.test import SimpleTestCase, TestCase, override_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from outbox.domain.scheduler import run_due_jobs
from outbox.models import JobRow
from outbox.periodic_jobs import Job

HERE = "tests.outbox.test_scheduler"
SLOT = timedelta(days=10_000)  # Slots start at fixed times. No slot of this length ends before 2052.
calls: list[str] = []


def work() -> None:
    calls.append("work")


def fail() -> None:
    raise ValueError("alice@example.org")


def run_other_worker() -> None:
    """Do what another worker would do while this job runs."""
    calls.append("work")
    calls.extend(run_due_jobs(declared=[WATCHED]))


SELDOM = Job(f"{HERE}.work", every=SLOT)
BROKEN = Job(f"{HERE}.fail", every=SLOT)
WATCHED = Job(f"{HERE}.run_other_worker", every=SLOT)
DAILY = Job(f"{HERE}.work", at=time(9, 0))


def pass_time(name: str, **duration: float) -> None:
    """Move the due time of the job back, as if time had passed."""
    row = JobRow.objects.get(name=name)
    JobRow.objects.filter(name=name).update(due_at=row.due_at - timedelta(**duration))


class SchedulerTest(TestCase):
    def setUp(self) -> None:
        calls.clear()

    def test_new_job_runs_immediately_and_then_once_in_each_slot(self) -> None:
        self.assertEqual([run_due_jobs(declared=[SELDOM]) for _ in range(3)], [["tests.work"], [], []])
        pass_time("tests.work", days=SLOT.days)
        self.assertEqual([run_due_jobs(declared=[SELDOM]) for _ in range(3)], [["tests.work"], [], []])
        self.assertEqual(calls, ["work", "work"])

    def test_daily_job_waits_for_its_time_of_day(self) -> None:
        self.assertEqual(run_due_jobs(declared=[DAILY]), [])
        self.assertGreater(JobRow.objects.get().due_at, timezone.now())

    def test_job_runs_only_once_after_several_missed_slots(self) -> None:
        run_due_jobs(declared=[SELDOM])
        pass_time("tests.work", days=9 * SLOT.days)
        self.assertEqual([run_due_jobs(declared=[SELDOM]) for _ in range(3)], [["tests.work"], [], []])
        self.assertGreater(JobRow.objects.get().due_at, timezone.now())

    def test_running_job_is_not_started_by_another_worker(self) -> None:
        run_due_jobs(declared=[WATCHED])
        self.assertEqual(calls, ["work"])

    def test_failed_job_is_retried_soon_and_its_stored_error_has_no_personal_data(self) -> None:
        run_due_jobs(declared=[BROKEN, SELDOM])
        row = JobRow.objects.get(name="tests.fail")
        self.assertEqual((row.failures, calls), (1, ["work"]))
        self.assertLessEqual(row.due_at, timezone.now() + timedelta(minutes=5))
        self.assertIn("ValueError", row.error)
        self.assertNotIn("alice", row.error)

    def test_job_of_a_lost_worker_runs_again_when_the_lease_ends(self) -> None:
        run_due_jobs(declared=[SELDOM])
        JobRow.objects.update(lease="gone", due_at=timezone.now() + timedelta(seconds=30), ended_at=None)
        self.assertEqual(run_due_jobs(declared=[SELDOM]), [])
        pass_time("tests.work", seconds=31)
        self.assertEqual(run_due_jobs(declared=[SELDOM]), ["tests.work"])

    def test_worker_that_is_stopping_starts_no_job(self) -> None:
        self.assertEqual(run_due_jobs(lambda: True, [SELDOM]), [])


class JobSlotTest(SimpleTestCase):
    @given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)), st.integers(1, 10_000))
    def test_next_slot_is_in_the_future_and_the_same_for_every_worker(self, naive: datetime, minutes: int) -> None:
        moment, job = naive.replace(tzinfo=UTC), Job("", every=timedelta(minutes=minutes))
        due = job.slot_after(moment)
        self.assertTrue(moment < due <= moment + job.every)
        self.assertEqual(job.slot_after(due - timedelta(microseconds=1)), due)

    @override_settings(TIME_ZONE="America/Los_Angeles")
    @given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)))
    def test_daily_job_keeps_its_local_time_through_daylight_saving_changes(self, naive: datetime) -> None:
        moment = naive.replace(tzinfo=UTC)
        due = DAILY.slot_after(moment)
        self.assertEqual(timezone.localtime(due).time(), time(9, 0))
        self.assertTrue(moment < due <= moment + timedelta(hours=25))
