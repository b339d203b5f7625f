"""What PayPal tells by itself: written once, signed over its very bytes, sent when and as often as params."""

import base64
import hashlib
import hmac
import json
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from tests.fakes.outgoing import Outgoing
from tests.fakes.paypal_server.wire import Wire


@dataclass
class Notice:
    kind: str
    body: bytes
    tries: int = 0


@dataclass
class Webhooks(Outgoing[Notice]):
    """With an address notices go there by themselves; without one they wait to be fetched."""

    webhook_id: str
    cert_url: str
    stamp: Callable[[], str]
    to: str = ""
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def send_event(self, kind: str, of: str, resource: Wire, at: str) -> None:
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
        self.queue(Notice(kind, body))

    def post(self, message: Notice) -> requests.Response:
        return requests.post(self.to, message.body, headers=self.signed(message, self.stamp()), timeout=30)

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

    def verify(self, request: bytes) -> str:
        """Verify the bytes of the event in the request. An event that was encoded again does not verify."""
        notice = json.loads(request)
        start = request.index(b'"webhook_event"') + len(b'"webhook_event"')
        start = request.index(b":", start) + 1
        text = request[start:].decode()
        blank = len(text) - len(text.lstrip())
        _, end = json.JSONDecoder().raw_decode(text, blank)
        raw = text[blank:end].encode()
        signature = self._signature(notice["transmission_id"], notice["transmission_time"], notice["webhook_id"], raw)
        good = notice["webhook_id"] == self.webhook_id and hmac.compare_digest(signature, notice["transmission_sig"])
        return "SUCCESS" if good else "FAILURE"
