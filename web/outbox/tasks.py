"""The Celery tasks. A task that is lost, repeated or late only changes when work is done, as its state is in rows."""

from celery import shared_task

from outbox.domain.claiming import claim
from outbox.domain.delivering import deliver
from outbox.domain.requeue import overdue
from outbox.domain.scheduler import run_due_jobs
from outbox.domain.worker_loop import beat
from outbox.engines import celery as engine


@shared_task(name="outbox.deliver", acks_late=True, ignore_result=True)
def deliver_these(ids: list[int]) -> None:
    while deliver(claim(limit=len(ids), ids=ids)):
        pass


@shared_task(name="outbox.clock", ignore_result=True)
def clock() -> None:
    beat("celery")
    run_due_jobs()


@shared_task(name="outbox.sweep", ignore_result=True)
def sweep() -> None:
    """Send retries that are due, and deliveries whose message the broker lost."""
    for ids in overdue(engine.MESSAGE_SIZE):
        engine.send(ids)
