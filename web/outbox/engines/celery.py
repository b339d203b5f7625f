"""The engine for many machines. A thread hands delivery ids to the broker, so that no request ever waits for it.

Whatever does not get there is sent by the sweep: the broker may be down, flushed or slow, the rows remain.
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

SIZE = 50
ROOM = 10_000
LAST_WORDS = 2.0


class Publisher:
    """Collects what is announced while it sends, so that many small announcements become few messages."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[int | None] = queue.Queue(ROOM)
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()
        atexit.register(self.end)

    def announce(self, ids: list[int]) -> None:
        try:
            for pk in ids:
                self.waiting.put_nowait(pk)
        except queue.Full:
            log.warning("The broker is slow; the sweep will send the rest.")

    def work(self) -> None:
        going = True
        while going:
            ids = [self.waiting.get()]
            while len(ids) < SIZE and not self.waiting.empty():
                ids.append(self.waiting.get())
            going = None not in ids
            self.send([pk for pk in ids if pk is not None])

    def send(self, ids: list[int]) -> None:
        try:
            if ids:
                send(ids)
        except Exception as error:
            log.warning("The broker is away (%s); the sweep will send what waits.", type(error).__name__)

    def end(self) -> None:
        """A short command ends before its thread has spoken, unless it is waited for."""
        self.waiting.put(None)
        self.thread.join(LAST_WORDS)


_here: dict[int, Publisher] = {}
_lock = threading.Lock()


def announce(ids: list[int]) -> None:
    """One publisher for each process: a thread does not live on in a fork."""
    with _lock:
        publisher = _here.get(os.getpid()) or _here.setdefault(os.getpid(), Publisher())
    publisher.announce(ids)


def send(ids: list[int]) -> None:
    app: Any = import_string(settings.OUTBOX_CELERY_APP)
    app.send_task("outbox.deliver", args=[ids])
