"""Running receivers on deliveries that are held. A step of work yields how many deliveries it ended."""

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

RAISED = (Exception, SystemExit)
TOGETHER = 20
MOMENT = 0.1
BUDGET = 10.0

Stop = Callable[[], bool]


class LeaseLost(Exception):
    """Somebody else has the delivery by now; what was done here must not stand."""


def never() -> bool:
    return False


def deliver(batch: Batch, stop: Stop = never, together: int = TOGETHER) -> int:
    """Run what is held; how many came to an end. What there is no time for goes back to the queue."""
    if not batch.deliveries:
        return 0
    began = time.monotonic()
    ended = 0
    with batch, closing(steps(batch.deliveries, together)) as work:
        for count in work:
            ended += count
            if stop() or time.monotonic() - began > BUDGET:
                break
    if ended < len(batch.deliveries):
        delivery_results.hand_back(batch.lease)
    return ended


def steps(deliveries: Sequence[Delivery], together: int) -> Generator[int]:
    usual: list[Delivery] = []
    alone: list[Delivery] = []
    batches: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        if problem := misfit(delivery):
            delivery_results.park(delivery, problem)
            yield 1
            continue
        receiver = registry.receiver(delivery.receiver)
        if hasattr(receiver, "batch_size"):
            batches[delivery.receiver].append(delivery)
        else:
            (alone if hasattr(receiver, "outside") else usual).append(delivery)
    yield from inside(usual, together)
    for delivery in alone:
        yield outside(delivery)
    for path, held in batches.items():
        size = registry.receiver(path).batch_size  # type: ignore[attr-defined]
        for start in range(0, len(held), size):
            yield from batched(held[start : start + size])


def misfit(delivery: Delivery) -> str:
    """Why a delivery cannot be run at all, after the site around it has changed; empty when it can."""
    if delivery.receiver not in registry.heard_by(delivery.event.type).later:
        return (
            f"{delivery.receiver} is no longer a later receiver of {delivery.event.type}. "
            "Put it back into WORKFLOWS and retry, or dismiss this."
        )
    try:
        delivery.event.payload  # noqa: B018
    except BadPayload as wrong:
        return f"The payload no longer matches its declaration. {wrong}"
    try:
        registry.receiver(delivery.receiver)
    except RAISED as wrong:  # whatever a module may raise while it is imported
        return f"{delivery.receiver} cannot be imported ({type(wrong).__name__}); fix it and retry."
    return ""


def causing(delivery: Delivery) -> causation.Cause:
    return causation.Cause(delivery.receiver, delivery.event_id, delivery.event.request_id)


def call(delivery: Delivery) -> None:
    with causation.within(causing(delivery)):
        registry.receiver(delivery.receiver)(delivery.event)


def inside(deliveries: list[Delivery], together: int) -> Iterator[int]:
    """Several share a transaction, for speed; when one of them fails all are undone and run one by one."""
    rest = deliveries
    while rest:
        try:
            ran = several(rest[:together]) if together > 1 else 0
        except RAISED:
            ran = 0
        if ran:
            yield ran
        else:
            ran = len(rest[:together])
            yield from (single(delivery) for delivery in rest[:together])
        rest = rest[ran:]


def several(deliveries: list[Delivery]) -> int:
    began = time.monotonic()
    ran = []
    with transaction.atomic():
        for delivery in deliveries:
            call(delivery)
            ran.append(delivery)
            if time.monotonic() - began > MOMENT:
                break
        mark(ran)
    return len(ran)


def mark(deliveries: list[Delivery]) -> None:
    if delivery_results.done(deliveries) != len(deliveries):
        raise LeaseLost


def taken_over(delivery: Delivery) -> None:
    delivery_results.log.info("Delivery %s was picked up by another worker.", delivery.pk)


def single(delivery: Delivery) -> int:
    """Marked first: the row stays locked while the receiver works, and both stand or fall together."""
    try:
        with transaction.atomic():
            mark([delivery])
            call(delivery)
    except LeaseLost:
        taken_over(delivery)
    except RAISED as error:
        delivery_results.failed(delivery, error)
    return 1


def outside(delivery: Delivery) -> int:
    try:
        call(delivery)
    except RAISED as error:
        delivery_results.failed(delivery, error)
    else:
        if not delivery_results.done([delivery]):
            taken_over(delivery)
    return 1


def batched(deliveries: Sequence[Delivery]) -> Iterator[int]:
    """Outcomes are written down in small groups, at least every tenth of a second or so."""
    left = {delivery.event_id: delivery for delivery in deliveries}
    fine: list[Delivery] = []
    noted = time.monotonic()
    rest_failed: BaseException = Permanent("The receiver ended without a word about this event.")
    stream = outcomes_of(deliveries)
    try:
        for event, error in stream:
            delivery = left.pop(event.pk)
            if error is None:
                fine.append(delivery)
            else:
                delivery_results.failed(delivery, error)
            if fine and (len(fine) >= TOGETHER or time.monotonic() - noted > MOMENT):
                delivery_results.done(fine)
                fine, noted = [], time.monotonic()
            yield 1
    except RAISED as raised:
        rest_failed = raised
    finally:
        if fine:
            delivery_results.done(fine)
        with suppress(*RAISED):
            stream.close()
    for delivery in left.values():
        delivery_results.failed(delivery, rest_failed)
        yield 1


def outcomes_of(deliveries: Sequence[Delivery]) -> Generator[tuple[Event, Exception | None]]:
    """Only while the receiver itself works is it the cause of what is emitted."""
    receiver = registry.receiver(deliveries[0].receiver)
    with closing(receiver([delivery.event for delivery in deliveries])) as stream:
        while True:
            with causation.within(causation.Cause(deliveries[0].receiver)):
                outcome = next(stream, None)
            if outcome is None:
                return
            yield outcome
