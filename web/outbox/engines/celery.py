"""The engine for many machines. A thread sends delivery ids to the broker, so that no web request waits for it.

If the broker is down or slow, or has lost its data, a periodic task sends the deliveries again.
"""

import atexit
import logging
import os
import queue
import threading
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

log = logging.getLogger("outbox")

MESSAGE_SIZE = 50
QUEUE_SIZE = 10_000
EXIT_TIMEOUT = 2.0


class Publisher:
    """A thread that combines the ids announced while it was sending, so that they need fewer messages."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[int | None] = queue.Queue(QUEUE_SIZE)
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()
        atexit.register(self.end)

    def announce(self, ids: list[int]) -> None:
        try:
            for pk in ids:
                self.waiting.put_nowait(pk)
        except queue.Full:
            log.warning("The broker is slow; the periodic task will send the rest.")

    def work(self) -> None:
        running = True
        while running:
            ids = [self.waiting.get()]
            while len(ids) < MESSAGE_SIZE and not self.waiting.empty():
                ids.append(self.waiting.get())
            running = None not in ids
            self.send([pk for pk in ids if pk is not None])

    def send(self, ids: list[int]) -> None:
        try:
            if ids:
                send_delivery_task(ids)
        except Exception as error:
            log.warning(
                "The broker is not available (%s); the periodic task will send these deliveries later.",
                type(error).__name__,
            )

    def end(self) -> None:
        # Without this wait, a short command would exit before its thread has sent anything.
        self.waiting.put(None)
        self.thread.join(EXIT_TIMEOUT)


_publishers: dict[int, Publisher] = {}
_lock = threading.Lock()


def announce(ids: list[int]) -> None:
    # Each process needs its own publisher, because threads do not survive a fork.
    with _lock:
        publisher = _publishers.get(os.getpid()) or _publishers.setdefault(os.getpid(), Publisher())
    publisher.announce(ids)


def send_delivery_task(ids: list[int]) -> None:
    app: Any = import_string(settings.OUTBOX_CELERY_APP)
    app.send_task("outbox.deliver", args=[ids])
