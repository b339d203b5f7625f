"""The engine for tests, which delivers events in the same process as soon as the transaction has committed."""

from outbox.domain.claims import claim_deliveries
from outbox.domain.deliveries import deliver_batch
from outbox.work_queues import process_queue


def announce(ids: list[int]) -> None:
    deliver_batch(claim_deliveries(ids=ids), together=1)


def announce_work(queue: str) -> None:
    process_queue(queue)
