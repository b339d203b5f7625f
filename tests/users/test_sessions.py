"""Expired sessions do not stay in the database."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.test import TestCase
from django.utils import timezone

from outbox.periodic_jobs import declared_jobs
from users.domain.accounts import clear_expired_sessions


class SessionTest(TestCase):
    def test_daily_job_deletes_expired_sessions_and_keeps_the_others(self) -> None:
        now = timezone.now()
        for key, days in (("old", -1), ("new", 1)):
            Session.objects.create(session_key=key, session_data="", expire_date=now + timedelta(days))
        clear_expired_sessions()
        self.assertEqual([session.session_key for session in Session.objects.all()], ["new"])
        (job,) = [job for job in declared_jobs() if job.name == "users.clear_expired_sessions"]
        self.assertEqual(job.run, f"{clear_expired_sessions.__module__}.{clear_expired_sessions.__qualname__}")
