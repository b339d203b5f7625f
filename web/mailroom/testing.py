"""Helpers for tests of code that sends mail."""

from datetime import timedelta

from django.core import mail
from django.utils import timezone

from mailroom.models import Message, MessageState
from outbox.testing import run_all


def send_all(*, retries: bool = False) -> list[mail.EmailMessage]:
    """Send everything that is due, and return all mails sent so far in this test. With `retries`, nothing waits."""
    run_all()
    while retries and Message.objects.filter(state=MessageState.QUEUED).exists():
        Message.objects.filter(state=MessageState.QUEUED).update(due_at=timezone.now() - timedelta(seconds=1))
        run_all()
    return list(mail.outbox)
