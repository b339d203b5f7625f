"""The engine for many machines. A thread tells the broker about new work, so that no web request waits for it.

If the broker is down or slow, or has lost its data, a periodic task tells it again.
"""

import atexit
import logging
import os
import queue
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

log = logging.getLogger("outbox")

MESSAGE_SIZE = 50
QUEUE_SIZE = 10_000
EXIT_TIMEOUT = 2.0

Work = int | str  # The id of a delivery, or the name of a work queue.


class Publisher:
    """A thread that combines the work announced while it was sending, so that it needs fewer messages."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[Work | None] = queue.Queue(QUEUE_SIZE)
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()
        atexit.register(self.end)

    def announce(self, work: Iterable[Work]) -> None:
        try:
            for item in work:
                self.waiting.put_nowait(item)
        except queue.Full:
            log.warning("The broker is slow; the periodic task will send the rest.")

    def work(self) -> None:
        running = True
        while running:
            items = [self.waiting.get()]
            while len(items) < MESSAGE_SIZE and not self.waiting.empty():
                items.append(self.waiting.get())
            running = None not in items
            self.send([item for item in items if item is not None])

    def send(self, work: Sequence[Work]) -> None:
        try:
            if ids := [item for item in work if isinstance(item, int)]:
                send_delivery_task(ids)
            for name in {item for item in work if isinstance(item, str)}:
                send_queue_task(name)
        except Exception as error:
            log.warning(
                "The broker is not available (%s); the periodic task will send this work later.",
                type(error).__name__,
            )

    def end(self) -> None:
        # Without this wait, a short command would exit before its thread has sent anything.
        self.waiting.put(None)
        self.thread.join(EXIT_TIMEOUT)


_publishers: dict[int, Publisher] = {}
_lock = threading.Lock()


def announce(ids: list[int]) -> None:
    _publisher().announce(ids)


def announce_work(queue: str) -> None:
    _publisher().announce([queue])


def _publisher() -> Publisher:
    # Each process needs its own publisher, because threads do not survive a fork.
    with _lock:
        return _publishers.get(os.getpid()) or _publishers.setdefault(os.getpid(), Publisher())


def send_delivery_task(ids: list[int]) -> None:
    _send_task("outbox.deliver", ids)


def send_queue_task(name: str) -> None:
    _send_task("outbox.process_queue", name)


def _send_task(task: str, argument: list[int] | str) -> None:
    app: Any = import_string(settings.OUTBOX_CELERY_APP)
    app.send_task(task, args=[argument])
