"""Helpers for tests of code that sends mail."""

from django.core import mail

from outbox.testing import run_all


def send_all() -> list[mail.EmailMessage]:
    """Send everything that is queued, and return all mails sent so far in this test."""
    run_all()
    return list(mail.outbox)
