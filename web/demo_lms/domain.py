"""Emits the events of the demonstration and reports their results."""

import secrets
import time
from typing import Any

from django.db import transaction

from demo_lms import events
from outbox import registry
from outbox.domain import emit
from outbox.domain.claims import claim_deliveries
from outbox.domain.deliveries import deliver_batch
from outbox.models import OPEN, Event

MAX_WAITS = 20
PRODUCTS = ["demo-course-one", "demo-course-two"]


def emit_and_deliver_test() -> Event:
    # This event is delivered at once, unlike others, because the response shows the results of its receivers.
    with transaction.atomic():
        event = emit(events.TESTED, key=(run := secrets.token_hex(6)), run=run, sender="Something")
    deliver_batch(claim_deliveries(ids=list(event.deliveries.values_list("pk", flat=True))), together=1)
    for _ in range(MAX_WAITS):  # a worker may have claimed the deliveries first
        if not event.deliveries.filter(state__in=OPEN).exists():
            break
        time.sleep(0.1)
    return event


def emit_celery_test() -> Event:
    with transaction.atomic():
        return emit(events.CELERY_TESTED, key=(run := secrets.token_hex(6)), run=run, sender="Something")


def complete_purchase() -> Event:
    with transaction.atomic():
        order = f"DEMO-{secrets.token_hex(4)}"
        return emit(events.PURCHASE_COMPLETE, key=order, order=order, products=PRODUCTS)


def receiver_results(event: Event) -> dict[str, Any]:
    return {
        repr(registry.load_receiver(delivery.receiver)): error_details(delivery.error)
        for delivery in event.deliveries.order_by("pk")
    }


def error_details(error: str) -> Any:
    if not error:
        return ""
    message, *lines = error.splitlines()
    return {"error": message, "traceback": [line.strip() for line in lines]}
