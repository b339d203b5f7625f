"""The loop of a worker process."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone

from outbox.domain.claims import claim_deliveries
from outbox.domain.deliveries import deliver_batch
from outbox.domain.scheduler import run_due_jobs
from outbox.models import Worker
from outbox.work_queues import process_queues

log = logging.getLogger("outbox")

IDLE_SECONDS = 0.2
JOBS_SECONDS = 1.0
HEARTBEAT_SECONDS = 10.0
WORKER_GONE_AFTER = timedelta(days=1)


def worker_name(engine: str = "worker") -> str:
    return f"{engine} {socket.gethostname()}:{os.getpid()}"


def record_heartbeat(name: str) -> None:
    now = timezone.now()
    Worker.objects.update_or_create(name=name, defaults={"seen_at": now})
    Worker.objects.filter(seen_at__lt=now - WORKER_GONE_AFTER).delete()


def work_once(stop: Callable[[], bool]) -> int:
    """Run all due jobs, then deliver events and process queues until nothing is due, and return how much was done."""
    run_due_jobs(stop)
    total = 0
    while not stop():
        ended = deliver_batch(claim_deliveries(), stop) + process_queues(stop)
        if not ended:
            break
        total += ended
    return total


class WorkerLoop:
    """A loop that ends when `stopping` is set: deliveries that are running finish, and the others are released."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.name = worker_name()
        self.jobs_checked_at = self.heartbeat_at = float("-inf")

    def run(self) -> None:
        pause = IDLE_SECONDS
        while not self.stopping.is_set():
            try:
                busy = self.run_once()
                pause = IDLE_SECONDS
            except (OperationalError, InterfaceError) as error:
                log.warning("The database is not available (%s); trying again in %.1f s.", type(error).__name__, pause)
                connection.close()
                busy, pause = False, min(pause * 2, 10.0)
            if not busy:
                close_old_connections()
                self.stopping.wait(pause)
        with suppress(DatabaseError):
            Worker.objects.filter(name=self.name).delete()

    def run_once(self) -> bool:
        now = time.monotonic()
        if now - self.heartbeat_at > HEARTBEAT_SECONDS:
            record_heartbeat(self.name)
            self.heartbeat_at = now
        if now - self.jobs_checked_at > JOBS_SECONDS:
            run_due_jobs(self.stopping.is_set)
            self.jobs_checked_at = now
        stop = self.stopping.is_set
        return bool(deliver_batch(claim_deliveries(), stop) + process_queues(stop))
