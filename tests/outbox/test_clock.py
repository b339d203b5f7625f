from datetime import UTC, datetime, time, timedelta

from django.test import SimpleTestCase, TestCase, override_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from outbox.domain.scheduler import run_due_jobs
from outbox.models import JobRow
from outbox.periodic_jobs import Job

HERE = "tests.outbox.test_clock"
SLOT = timedelta(days=10_000)  # slots are the clock's: none of these ends while a test runs, until 2052
ran: list[str] = []


def work() -> None:
    ran.append("work")


def fail() -> None:
    raise ValueError("alice@example.org")


def look_round() -> None:
    """What another worker would do while this job runs."""
    ran.append("look round")
    ran.extend(run_due_jobs(declared=[LOOKING]))


SELDOM = Job("seldom", every=SLOT, run=f"{HERE}.work")
BROKEN = Job("broken", every=SLOT, run=f"{HERE}.fail")
LOOKING = Job("looking", every=SLOT, run=f"{HERE}.look_round")
DAILY = Job("daily", at=time(9, 0), run=f"{HERE}.work")


def later(name: str, **by: float) -> None:
    """Time passes, as the job's row sees it."""
    row = JobRow.objects.get(name=name)
    JobRow.objects.filter(name=name).update(due_at=row.due_at - timedelta(**by))


class ClockTest(TestCase):
    def setUp(self) -> None:
        ran.clear()

    def test_a_new_job_runs_at_once_and_then_once_in_each_slot(self) -> None:
        self.assertEqual([run_due_jobs(declared=[SELDOM]) for _ in range(3)], [["seldom"], [], []])
        later("seldom", days=SLOT.days)
        self.assertEqual([run_due_jobs(declared=[SELDOM]) for _ in range(3)], [["seldom"], [], []])
        self.assertEqual(ran, ["work", "work"])

    def test_a_job_with_a_time_of_day_waits_for_it(self) -> None:
        self.assertEqual(run_due_jobs(declared=[DAILY]), [])
        self.assertGreater(JobRow.objects.get().due_at, timezone.now())

    def test_after_a_downtime_it_catches_up_once(self) -> None:
        run_due_jobs(declared=[SELDOM])
        later("seldom", days=9 * SLOT.days)
        self.assertEqual([run_due_jobs(declared=[SELDOM]) for _ in range(3)], [["seldom"], [], []])
        self.assertGreater(JobRow.objects.get().due_at, timezone.now())

    def test_a_job_under_way_is_not_begun_by_another_worker(self) -> None:
        run_due_jobs(declared=[LOOKING])
        self.assertEqual(ran, ["look round"])

    def test_one_that_fails_is_tried_again_soon_and_keeps_no_personal_word(self) -> None:
        run_due_jobs(declared=[BROKEN, SELDOM])
        row = JobRow.objects.get(name="broken")
        self.assertEqual((row.failures, ran), (1, ["work"]))
        self.assertLessEqual(row.due_at, timezone.now() + timedelta(minutes=5))
        self.assertIn("ValueError", row.error)
        self.assertNotIn("alice", row.error)

    def test_one_whose_worker_disappeared_is_taken_up_when_the_lease_ends(self) -> None:
        run_due_jobs(declared=[SELDOM])
        JobRow.objects.update(lease="gone", due_at=timezone.now() + timedelta(seconds=30), ended_at=None)
        self.assertEqual(run_due_jobs(declared=[SELDOM]), [])
        later("seldom", seconds=31)
        self.assertEqual(run_due_jobs(declared=[SELDOM]), ["seldom"])

    def test_a_worker_told_to_stop_begins_no_job(self) -> None:
        self.assertEqual(run_due_jobs(lambda: True, [SELDOM]), [])


class SlotTest(SimpleTestCase):
    @given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)), st.integers(1, 10_000))
    def test_the_next_slot_is_ahead_and_the_same_for_everyone(self, naive: datetime, minutes: int) -> None:
        moment, job = naive.replace(tzinfo=UTC), Job("x", every=timedelta(minutes=minutes), run="")
        due = job.slot_after(moment)
        self.assertTrue(moment < due <= moment + job.every)
        self.assertEqual(job.slot_after(due - timedelta(microseconds=1)), due)

    @override_settings(TIME_ZONE="America/Los_Angeles")
    @given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)))
    def test_a_time_of_day_is_on_the_schools_clock_through_summer_and_winter(self, naive: datetime) -> None:
        moment = naive.replace(tzinfo=UTC)
        due = DAILY.slot_after(moment)
        self.assertEqual(timezone.localtime(due).time(), time(9, 0))
        self.assertTrue(moment < due <= moment + timedelta(hours=25))
