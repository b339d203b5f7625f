"""For tests: run what would run later."""

from datetime import timedelta

from django.utils import timezone

from outbox.domain.claiming import claim
from outbox.domain.delivering import deliver
from outbox.models import Delivery, State


def run_all(*, retries: bool = False) -> int:
    """Deliver all that is due and what that emits; with `retries` also what waits for another try."""
    total = 0
    while True:
        if retries:
            Delivery.objects.filter(state=State.WAITING).update(due_at=timezone.now() - timedelta(seconds=1))
        ended = deliver(claim(), together=1)
        total += ended
        if not ended:
            return total


def problems() -> list[str]:
    """What failed, in the words kept for the desk: `assertEqual(problems(), [])` ends many a test well."""
    troubled = Delivery.objects.exclude(error="", reason="")
    return [f"{one.receiver}: {one.error or one.reason}" for one in troubled]
