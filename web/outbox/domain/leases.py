"""How long a delivery or a job belongs to a worker, and the renewal of its lease while the worker is busy."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event as Signal
from threading import Thread

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

log = logging.getLogger("outbox")


def lease_time() -> timedelta:
    return timedelta(seconds=settings.OUTBOX_LEASE)


@contextmanager
def keep_lease(renew: Callable[[], object]) -> Iterator[None]:
    """Call `renew` in a thread, three times per lease, until the block ends. A renewal that fails is tried again."""
    if settings.OUTBOX_ENGINE == "inline" or not settings.OUTBOX_LEASE:
        yield
        return
    finished = Signal()
    renewer = Thread(target=_renew_until, args=[finished, renew], daemon=True)
    renewer.start()
    try:
        yield
    finally:
        finished.set()
        renewer.join()


def _renew_until(finished: Signal, renew: Callable[[], object]) -> None:
    # This thread opens a database connection only if the work takes long enough to need it.
    try:
        while not finished.wait(settings.OUTBOX_LEASE / 3):
            try:
                renew()
            except (DatabaseError, InterfaceError):
                log.warning("A lease could not be renewed. It will be tried again.")
                connection.close()  # The next renewal opens a new connection, because this one may be broken.
    finally:
        connection.close()
