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
    """Say that this process is alive, and forget those that went long ago."""
    now = timezone.now()
    Worker.objects.update_or_create(name=name, defaults={"seen_at": now})
    Worker.objects.filter(seen_at__lt=now - GONE).delete()


def one_pass(stop: Callable[[], bool]) -> int:
    """Everything that is due now: the jobs, then the queue until it is empty."""
    run_due_jobs(stop)
    total = 0
    while not stop():
        ended = deliver(claim(), stop)
        if not ended:
            break
        total += ended
    return total


class Loop:
    """Works until `stopping` is set; then what is under way is finished and the rest handed back."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.name = name_here()
        self.looked_at_clock = self.beaten = float("-inf")

    def run(self) -> None:
        pause = PAUSE
        while not self.stopping.is_set():
            try:
                busy = self.turn()
                pause = PAUSE
            except (OperationalError, InterfaceError) as error:
                log.warning("The database is away (%s); looking again in %.1f s.", type(error).__name__, pause)
                connection.close()
                busy, pause = False, min(pause * 2, 10.0)
            if not busy:
                close_old_connections()
                self.stopping.wait(pause)
        with suppress(DatabaseError):
            Worker.objects.filter(name=self.name).delete()

    def turn(self) -> bool:
        now = time.monotonic()
        if now - self.beaten > HEARTBEAT:
            beat(self.name)
            self.beaten = now
        if now - self.looked_at_clock > CLOCK:
            run_due_jobs(self.stopping.is_set)
            self.looked_at_clock = now
        return bool(deliver(claim(), self.stopping.is_set))
