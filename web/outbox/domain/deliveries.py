"""Running the receivers of leased deliveries."""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from functools import partial

from django.db import transaction

from outbox import causation, registry
from outbox.declare import PayloadInvalid
from outbox.domain import delivery_results
from outbox.domain.claims import LeasedBatch, renew_lease
from outbox.domain.leases import keep_lease
from outbox.models import Delivery
from outbox.work_queues import Stop, never_stop

RECEIVER_ERRORS = (Exception, SystemExit)
GROUP_SIZE = 20
GROUP_SECONDS = 0.1
BATCH_SECONDS = 10.0


class LeaseLost(Exception):
    """Another worker has taken over the delivery, so the transaction here must be rolled back."""


def deliver_batch(batch: LeasedBatch, stop: Stop = never_stop, together: int = GROUP_SIZE) -> int:
    """Run the receivers of a batch and return how many deliveries ended.

    The deliveries that there is no time for are released for other workers.
    """
    if not batch.deliveries:
        return 0
    start = time.monotonic()
    ended = 0
    with keep_lease(partial(renew_lease, batch.lease)), closing(deliver_in_steps(batch.deliveries, together)) as work:
        for count in work:
            ended += count
            if stop() or time.monotonic() - start > BATCH_SECONDS:
                break
    if ended < len(batch.deliveries):
        delivery_results.release_unstarted(batch.lease)
    return ended


def deliver_in_steps(deliveries: Sequence[Delivery], together: int) -> Generator[int]:
    """Yield after each step how many deliveries it ended, so that the caller can stop in between."""
    transactional: list[Delivery] = []
    external: list[Delivery] = []
    for delivery in deliveries:
        if problem := mismatch_reason(delivery):
            delivery_results.park_delivery(delivery, problem)
            yield 1
            continue
        receiver = registry.load_receiver(delivery.receiver)
        (external if hasattr(receiver, "outside") else transactional).append(delivery)
    yield from deliver_in_transactions(transactional, together)
    for delivery in external:
        yield deliver_outside_transaction(delivery)


def mismatch_reason(delivery: Delivery) -> str:
    """Explain why a delivery no longer fits the code of the site, or return an empty string if it does."""
    if delivery.receiver not in registry.receivers_of(delivery.event.type).later:
        return (
            f"{delivery.receiver} is no longer a later receiver of {delivery.event.type}. "
            "Put it back into WORKFLOWS and retry, or dismiss this."
        )
    try:
        delivery.event.payload  # noqa: B018
    except PayloadInvalid as error:
        return f"The payload no longer matches its declaration. {error}"
    try:
        registry.load_receiver(delivery.receiver)
    except RECEIVER_ERRORS as error:  # A module can raise anything while it is imported.
        return f"{delivery.receiver} cannot be imported ({type(error).__name__}); fix it and retry."
    return ""


def call_receiver(delivery: Delivery) -> None:
    with causation.caused_by(causation.Cause(delivery.receiver, delivery.event_id, delivery.event.request_id)):
        registry.load_receiver(delivery.receiver)(delivery.event)


def deliver_in_transactions(deliveries: list[Delivery], together: int) -> Iterator[int]:
    # Several deliveries share a transaction for speed. If one of them fails, all are rolled back and run one by one.
    remaining = deliveries
    while remaining:
        try:
            count = deliver_together(remaining[:together]) if together > 1 else 0
        except RECEIVER_ERRORS:
            count = 0
        if count:
            yield count
        else:
            count = len(remaining[:together])
            yield from (deliver_one(delivery) for delivery in remaining[:together])
        remaining = remaining[count:]


def deliver_together(deliveries: list[Delivery]) -> int:
    start = time.monotonic()
    completed = []
    with transaction.atomic():
        for delivery in deliveries:
            call_receiver(delivery)
            completed.append(delivery)
            if time.monotonic() - start > GROUP_SECONDS:
                break
        mark_done_or_raise(completed)
    return len(completed)


def mark_done_or_raise(deliveries: list[Delivery]) -> None:
    if delivery_results.mark_done(deliveries) != len(deliveries):
        raise LeaseLost


def log_lost_lease(delivery: Delivery) -> None:
    delivery_results.log.info("Delivery %s was picked up by another worker.", delivery.pk)


def deliver_one(delivery: Delivery) -> int:
    try:
        with transaction.atomic():
            # The delivery is marked as done first, so that its row stays locked while the receiver runs.
            mark_done_or_raise([delivery])
            call_receiver(delivery)
    except LeaseLost:
        log_lost_lease(delivery)
    except RECEIVER_ERRORS as error:
        delivery_results.record_failure(delivery, error)
    return 1


def deliver_outside_transaction(delivery: Delivery) -> int:
    try:
        call_receiver(delivery)
    except RECEIVER_ERRORS as error:
        delivery_results.record_failure(delivery, error)
    else:
        if not delivery_results.mark_done([delivery]):
            log_lost_lease(delivery)
    return 1
