"""Mail about a failed payment is sent after a delay, because most payers pay another way right away."""

from datetime import datetime, timedelta

from django.utils import timezone

from mailroom.domain import release_held_messages

TEMPLATE = "billing.payment_failed"
WAIT = timedelta(minutes=15)


def release_failure_mails(at: datetime | None = None) -> int:
    # Each mail is written only now, so it is dropped if the order was paid or has expired in the meantime.
    return release_held_messages(TEMPLATE, (at or timezone.now()) - WAIT)
