"""Messages to the site. They are sent automatically, or a test holds, repeats, reorders or fetches them."""

import random
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import requests

TRIES = 25


class Message(Protocol):
    tries: int


M = TypeVar("M", bound=Message)


@dataclass(kw_only=True)
class Outgoing(Generic[M]):
    on_hold: bool = False
    copies: int = 1
    all_messages: list[M] = field(default_factory=list)
    waiting: deque[M] = field(default_factory=deque)
    wake: threading.Condition = field(default_factory=threading.Condition)
    busy: bool = False
    closing: bool = False

    def post(self, message: M) -> requests.Response:
        """Send it once. Each try has its own signature."""
        raise NotImplementedError

    def queue(self, message: M) -> None:
        with self.wake:
            self.all_messages.append(message)
            self.waiting.extend([message] * self.copies)
            self.wake.notify_all()

    def fetch(self) -> list[M]:
        """Return the waiting messages and remove them."""
        with self.wake:
            messages = list(self.waiting)
            self.waiting.clear()
        return messages

    # -- sending -----------------------------------------------------------------------------------------------------

    def deliver_until_closed(self) -> None:
        while True:
            with self.wake:
                self.busy = False
                self.wake.notify_all()
                self.wake.wait_for(lambda: self.closing or (self.waiting and not self.on_hold))
                if self.closing:
                    return
                message = self.waiting.popleft()
                self.busy = True
            self._deliver(message)

    def _deliver(self, message: M) -> None:
        message.tries += 1
        try:
            good = self.post(message).status_code < 300
        except requests.RequestException:
            good = False
        if not good and message.tries < TRIES:
            with self.wake:
                self.waiting.append(message)
                self.wake.wait_for(lambda: self.closing, timeout=min(0.2 * message.tries, 20))

    def hold(self) -> None:
        self.on_hold = True

    def release(self) -> None:
        with self.wake:
            self.on_hold = False
            self.wake.notify_all()

    def reorder(self, order: str) -> None:
        with self.wake:
            items = list(self.waiting)
            if order == "reversed":
                items.reverse()
            else:
                random.shuffle(items)
            self.waiting = deque(items)

    def idle(self, timeout: float = 10) -> bool:
        """Wait until everything is delivered, and return whether it was."""
        with self.wake:
            return self.wake.wait_for(lambda: not self.waiting and not self.busy, timeout)

    def close(self) -> None:
        with self.wake:
            self.closing = True
            self.wake.notify_all()
