"""What PayPal tells by itself: written once, signed over its very bytes, sent when and as often as wanted."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from tests.fakes.paypal_server.wire import Wire

TRIES = 25


@dataclass
class Notice:
    kind: str
    body: bytes
    sent: int = 0


@dataclass
class Webhooks:
    """With an address notices go there by themselves; without one, or on hold, they wait to be fetched."""

    webhook_id: str
    cert_url: str
    to: str = ""
    on_hold: bool = False
    copies: int = 1
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    told: list[Notice] = field(default_factory=list)
    waiting: deque[Notice] = field(default_factory=deque)
    wake: threading.Condition = field(default_factory=threading.Condition)
    closing: bool = False

    def tell(self, kind: str, of: str, resource: Wire, at: str) -> None:
        event = {
            "id": f"WH-{secrets.token_hex(8).upper()}",
            "event_version": "1.0",
            "create_time": at,
            "resource_type": of,
            "resource_version": "2.0",
            "event_type": kind,
            "summary": kind.replace(".", " ").capitalize(),
            "resource": resource,
            "links": [],
        }
        # Slashes that JSON lets one escape: whoever writes the event anew writes other bytes.
        body = json.dumps(event, separators=(",", ":")).replace("/", "\\/").encode()
        notice = Notice(kind, body)
        self.told.append(notice)
        with self.wake:
            self.waiting.extend([notice] * self.copies)
            self.wake.notify_all()

    def signed(self, notice: Notice, at: str) -> dict[str, str]:
        number = f"{secrets.token_hex(4)}-{secrets.token_hex(4)}"
        return {
            "PayPal-Auth-Algo": "SHA256withRSA",
            "PayPal-Cert-Url": self.cert_url,
            "PayPal-Transmission-Id": number,
            "PayPal-Transmission-Time": at,
            "PayPal-Transmission-Sig": self._signature(number, at, self.webhook_id, notice.body),
            "Content-Type": "application/json",
        }

    def _signature(self, number: str, at: str, webhook_id: str, body: bytes) -> str:
        text = f"{number}|{at}|{webhook_id}|{zlib.crc32(body)}".encode()
        return "S" + base64.b64encode(hmac.digest(self.secret, text, hashlib.sha256)).decode()

    def verify(self, asked: bytes) -> str:
        """Over the bytes as they stand in the request: an event that was written anew does not verify."""
        told = json.loads(asked)
        start = asked.index(b'"webhook_event"') + len(b'"webhook_event"')
        start = asked.index(b":", start) + 1
        text = asked[start:].decode()
        blank = len(text) - len(text.lstrip())
        _, end = json.JSONDecoder().raw_decode(text, blank)
        raw = text[blank:end].encode()
        wanted = self._signature(told["transmission_id"], told["transmission_time"], told["webhook_id"], raw)
        good = told["webhook_id"] == self.webhook_id and hmac.compare_digest(wanted, told["transmission_sig"])
        return "SUCCESS" if good else "FAILURE"

    # -- sending ---------------------------------------------------------------------------------------------------

    def deliver_for_ever(self, stamp: Callable[[], str]) -> None:
        while True:
            with self.wake:
                self.wake.wait_for(lambda: self.closing or (self.to and self.waiting and not self.on_hold))
                if self.closing:
                    return
                notice = self.waiting.popleft()
            if not self.send(notice, stamp()) and notice.sent < TRIES:
                with self.wake:
                    self.waiting.append(notice)
                    self.wake.wait_for(lambda: self.closing, timeout=min(0.5 * notice.sent, 20))

    def send(self, notice: Notice, at: str) -> bool:
        notice.sent += 1
        try:
            answer = requests.post(self.to, notice.body, headers=self.signed(notice, at), timeout=30)
        except requests.RequestException:
            return False
        return answer.ok

    def reorder(self, order: str) -> None:
        with self.wake:
            items = list(self.waiting)
            if order == "reversed":
                items.reverse()
            elif order == "shuffled":
                secrets.SystemRandom().shuffle(items)
            self.waiting = deque(items)

    def release(self) -> None:
        with self.wake:
            self.on_hold = False
            self.wake.notify_all()

    def close(self) -> None:
        with self.wake:
            self.closing = True
            self.wake.notify_all()
