"""“Your payment didn’t go through” waits a while: most payers are still on the page and pay in another way."""

from datetime import datetime, timedelta

from django.utils import timezone

from mailroom.domain import release_held

TEMPLATE = "billing.payment_failed"
WAIT = timedelta(minutes=15)


def release_due(at: datetime | None = None) -> int:
    """What was paid or has expired by then is dropped, for the mail is made only when it is sent."""
    return release_held(TEMPLATE, (at or timezone.now()) - WAIT)
