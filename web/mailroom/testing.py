"""For tests: send what would be sent later."""

from django.core import mail

from outbox.testing import run_all


def send_all() -> list[mail.EmailMessage]:
    """Run everything that waits; all mails sent so far in this test."""
    run_all()
    return list(mail.outbox)
