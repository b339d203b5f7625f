"""The Celery tasks. A task that is lost, repeated or late only changes when work is done, as its state is in rows."""

from celery import shared_task

from outbox.domain.claims import claim_deliveries
from outbox.domain.deliveries import deliver_batch
from outbox.domain.requeue import overdue_batches
from outbox.domain.scheduler import run_due_jobs
from outbox.domain.worker_loop import record_heartbeat
from outbox.engines import celery as engine
from outbox.work_queues import declared_queues, process_queue


@shared_task(name="outbox.deliver", acks_late=True, ignore_result=True)
def deliver_by_ids(ids: list[int]) -> None:
    while deliver_batch(claim_deliveries(limit=len(ids), ids=ids)):
        pass


@shared_task(name="outbox.process_queue", ignore_result=True)
def process_queue_by_name(name: str) -> None:
    if process_queue(name):
        engine.send_queue_task(name)  # There may be more than fits in the time of one task.


@shared_task(name="outbox.clock", ignore_result=True)
def perform_clock_tick() -> None:
    record_heartbeat("celery")
    run_due_jobs()


@shared_task(name="outbox.sweep", ignore_result=True)
def resend_overdue_work() -> None:
    """Send retries that are due, and work whose message the broker lost."""
    for ids in overdue_batches(engine.MESSAGE_SIZE):
        engine.send_delivery_task(ids)
    for queue in declared_queues():
        engine.send_queue_task(queue.name)
