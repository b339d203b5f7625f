"""What Stripe tells by itself: written once, signed, sent when and as often as a test wants it."""

import json
import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import requests
from stripe import WebhookSignature

from tests.fakes.stripe_server.wire import Wire, new_id

TRIES = 25


@dataclass
class Notice:
    """One event for one endpoint; the signature is made when it is sent, as Stripe does for each try."""

    event: Wire
    endpoint: Wire
    body: str
    tries: int = 0

    @property
    def kind(self) -> str:
        return str(self.event["type"])

    def headers(self, at: int | None = None) -> dict[str, str]:
        signature = WebhookSignature.generate_signature_header(self.body, self.endpoint["_secret"], timestamp=at)
        return {"Stripe-Signature": signature, "Content-Type": "application/json; charset=utf-8"}


@dataclass
class Webhooks:
    """Notices go out by themselves, except on hold: then they wait to be fetched or released."""

    endpoints: Callable[[], list[Wire]]
    on_hold: bool = False
    copies: int = 1
    told: list[Notice] = field(default_factory=list)
    waiting: deque[Notice] = field(default_factory=deque)
    wake: threading.Condition = field(default_factory=threading.Condition)
    busy: bool = False
    closing: bool = False

    def tell(self, kind: str, about: Wire, at: int) -> None:
        for endpoint in self.endpoints():
            if endpoint["status"] == "enabled" and {kind, "*"} & set(endpoint["enabled_events"]):
                self._queue(endpoint, kind, about, at)

    def _queue(self, endpoint: Wire, kind: str, about: Wire, at: int) -> None:
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": endpoint["api_version"],
            "created": at,
            "data": {"object": about},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        notice = Notice(event, endpoint, json.dumps(event, indent=2))
        with self.wake:
            self.told.append(notice)
            self.waiting.extend([notice] * self.copies)
            self.wake.notify_all()

    def fetch(self) -> list[Notice]:
        """Everything that waits, to be delivered by whoever asks."""
        with self.wake:
            found = list(self.waiting)
            self.waiting.clear()
        return found

    # -- sending -----------------------------------------------------------------------------------------------------

    def deliver_for_ever(self) -> None:
        while True:
            with self.wake:
                self.busy = False
                self.wake.notify_all()
                self.wake.wait_for(lambda: self.closing or (self.waiting and not self.on_hold))
                if self.closing:
                    return
                notice = self.waiting.popleft()
                self.busy = True
            self._deliver(notice)

    def _deliver(self, notice: Notice) -> None:
        notice.tries += 1
        try:
            answer = requests.post(
                notice.endpoint["url"],
                notice.body.encode(),
                headers=notice.headers(),
                timeout=30,
                allow_redirects=False,
            )
            good = answer.status_code < 300
        except requests.RequestException:
            good = False
        if not good and notice.tries < TRIES:
            with self.wake:
                self.waiting.append(notice)
                self.wake.wait_for(lambda: self.closing, timeout=min(0.2 * notice.tries, 20))

    def reorder(self, order: str) -> None:
        with self.wake:
            items = list(self.waiting)
            if order == "reversed":
                items.reverse()
            else:
                random.shuffle(items)
            self.waiting = deque(items)

    def release(self) -> None:
        with self.wake:
            self.on_hold = False
            self.wake.notify_all()

    def idle(self, timeout: float = 10) -> bool:
        """Waits until everything is delivered."""
        with self.wake:
            return self.wake.wait_for(lambda: not self.waiting and not self.busy, timeout)

    def close(self) -> None:
        with self.wake:
            self.closing = True
            self.wake.notify_all()
