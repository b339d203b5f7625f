"""Running the receivers of leased deliveries."""

import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress

from django.db import transaction

from common.errors import Permanent
from outbox import causation, registry
from outbox.declare import BadPayload
from outbox.domain import delivery_results
from outbox.domain.claiming import Batch
from outbox.models import Delivery, Event

RECEIVER_ERRORS = (Exception, SystemExit)
GROUP_SIZE = 20
GROUP_SECONDS = 0.1
BATCH_SECONDS = 10.0

Stop = Callable[[], bool]


class LeaseLost(Exception):
    """Another worker has taken over the delivery, so the transaction here must be rolled back."""


def never() -> bool:
    return False


def deliver(batch: Batch, stop: Stop = never, together: int = GROUP_SIZE) -> int:
    """Run the receivers of a batch and return how many deliveries ended.

    The deliveries that there is no time for are released for other workers.
    """
    if not batch.deliveries:
        return 0
    start = time.monotonic()
    ended = 0
    with batch, closing(steps(batch.deliveries, together)) as work:
        for count in work:
            ended += count
            if stop() or time.monotonic() - start > BATCH_SECONDS:
                break
    if ended < len(batch.deliveries):
        delivery_results.hand_back(batch.lease)
    return ended


def steps(deliveries: Sequence[Delivery], together: int) -> Generator[int]:
    """Yield after each step how many deliveries it ended, so that the caller can stop in between."""
    transactional: list[Delivery] = []
    external: list[Delivery] = []
    by_batch_receiver: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        if problem := misfit(delivery):
            delivery_results.park(delivery, problem)
            yield 1
            continue
        receiver = registry.receiver(delivery.receiver)
        if hasattr(receiver, "batch_size"):
            by_batch_receiver[delivery.receiver].append(delivery)
        else:
            (external if hasattr(receiver, "outside") else transactional).append(delivery)
    yield from inside(transactional, together)
    for delivery in external:
        yield outside(delivery)
    for path, of_receiver in by_batch_receiver.items():
        size = registry.receiver(path).batch_size  # type: ignore[attr-defined]
        for first in range(0, len(of_receiver), size):
            yield from batched(of_receiver[first : first + size])


def misfit(delivery: Delivery) -> str:
    """Explain why a delivery no longer fits the code of the site, or return an empty string if it does."""
    if delivery.receiver not in registry.heard_by(delivery.event.type).later:
        return (
            f"{delivery.receiver} is no longer a later receiver of {delivery.event.type}. "
            "Put it back into WORKFLOWS and retry, or dismiss this."
        )
    try:
        delivery.event.payload  # noqa: B018
    except BadPayload as error:
        return f"The payload no longer matches its declaration. {error}"
    try:
        registry.receiver(delivery.receiver)
    except RECEIVER_ERRORS as error:  # A module can raise anything while it is imported.
        return f"{delivery.receiver} cannot be imported ({type(error).__name__}); fix it and retry."
    return ""


def call(delivery: Delivery) -> None:
    with causation.within(causation.Cause(delivery.receiver, delivery.event_id, delivery.event.request_id)):
        registry.receiver(delivery.receiver)(delivery.event)


def inside(deliveries: list[Delivery], together: int) -> Iterator[int]:
    # Several deliveries share a transaction for speed. If one of them fails, all are rolled back and run one by one.
    remaining = deliveries
    while remaining:
        try:
            count = several(remaining[:together]) if together > 1 else 0
        except RECEIVER_ERRORS:
            count = 0
        if count:
            yield count
        else:
            count = len(remaining[:together])
            yield from (single(delivery) for delivery in remaining[:together])
        remaining = remaining[count:]


def several(deliveries: list[Delivery]) -> int:
    start = time.monotonic()
    completed = []
    with transaction.atomic():
        for delivery in deliveries:
            call(delivery)
            completed.append(delivery)
            if time.monotonic() - start > GROUP_SECONDS:
                break
        mark(completed)
    return len(completed)


def mark(deliveries: list[Delivery]) -> None:
    if delivery_results.done(deliveries) != len(deliveries):
        raise LeaseLost


def taken_over(delivery: Delivery) -> None:
    delivery_results.log.info("Delivery %s was picked up by another worker.", delivery.pk)


def single(delivery: Delivery) -> int:
    try:
        with transaction.atomic():
            # The delivery is marked as done first, so that its row stays locked while the receiver runs.
            mark([delivery])
            call(delivery)
    except LeaseLost:
        taken_over(delivery)
    except RECEIVER_ERRORS as error:
        delivery_results.failed(delivery, error)
    return 1


def outside(delivery: Delivery) -> int:
    try:
        call(delivery)
    except RECEIVER_ERRORS as error:
        delivery_results.failed(delivery, error)
    else:
        if not delivery_results.done([delivery]):
            taken_over(delivery)
    return 1


def batched(deliveries: Sequence[Delivery]) -> Iterator[int]:
    # Successes are saved in small groups, about every tenth of a second.
    remaining = {delivery.event_id: delivery for delivery in deliveries}
    unsaved: list[Delivery] = []
    saved_at = time.monotonic()
    error_of_rest: BaseException = Permanent("The receiver ended without yielding an outcome for this event.")
    stream = outcomes_of(deliveries)
    try:
        for event, error in stream:
            delivery = remaining.pop(event.pk)
            if error is None:
                unsaved.append(delivery)
            else:
                delivery_results.failed(delivery, error)
            if unsaved and (len(unsaved) >= GROUP_SIZE or time.monotonic() - saved_at > GROUP_SECONDS):
                delivery_results.done(unsaved)
                unsaved, saved_at = [], time.monotonic()
            yield 1
    except RECEIVER_ERRORS as raised:
        error_of_rest = raised
    finally:
        if unsaved:
            delivery_results.done(unsaved)
        with suppress(*RECEIVER_ERRORS):
            stream.close()
    for delivery in remaining.values():
        delivery_results.failed(delivery, error_of_rest)
        yield 1


def outcomes_of(deliveries: Sequence[Delivery]) -> Generator[tuple[Event, Exception | None]]:
    receiver = registry.receiver(deliveries[0].receiver)
    with closing(receiver([delivery.event for delivery in deliveries])) as stream:
        while True:
            # The receiver is the cause of emitted events only while its own code runs.
            with causation.within(causation.Cause(deliveries[0].receiver)):
                outcome = next(stream, None)
            if outcome is None:
                return
            yield outcome
