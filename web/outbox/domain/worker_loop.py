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

from outbox.domain.claiming import claim
from outbox.domain.delivering import deliver
from outbox.domain.scheduler import run_due_jobs
from outbox.models import Worker

log = logging.getLogger("outbox")

PAUSE = 0.2
CLOCK = 1.0
HEARTBEAT = 10.0
GONE = timedelta(days=1)


def name_here(engine: str = "worker") -> str:
    return f"{engine} {socket.gethostname()}:{os.getpid()}"


def beat(name: str) -> None:
    now = timezone.now()
    Worker.objects.update_or_create(name=name, defaults={"seen_at": now})
    Worker.objects.filter(seen_at__lt=now - GONE).delete()


def one_pass(stop: Callable[[], bool]) -> int:
    """Run all due jobs, then deliver until the queue is empty, and return how many deliveries ended."""
    run_due_jobs(stop)
    total = 0
    while not stop():
        ended = deliver(claim(), stop)
        if not ended:
            break
        total += ended
    return total


class Loop:
    """A loop that ends when `stopping` is set: deliveries that are running finish, and the others are released."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.name = name_here()
        self.jobs_checked_at = self.heartbeat_at = float("-inf")

    def run(self) -> None:
        pause = PAUSE
        while not self.stopping.is_set():
            try:
                busy = self.run_once()
                pause = PAUSE
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
        if now - self.heartbeat_at > HEARTBEAT:
            beat(self.name)
            self.heartbeat_at = now
        if now - self.jobs_checked_at > CLOCK:
            run_due_jobs(self.stopping.is_set)
            self.jobs_checked_at = now
        return bool(deliver(claim(), self.stopping.is_set))
