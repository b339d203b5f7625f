"""Stripe's webhooks. The text is written once and signed for each try."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import requests
from stripe import WebhookSignature

from tests.fakes.outgoing import Outgoing
from tests.fakes.stripe_server.wire import Wire, new_id


@dataclass
class Notice:
    """One event for one endpoint."""

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
class Webhooks(Outgoing[Notice]):
    """Sends each event to the enabled endpoints that have subscribed to it."""

    endpoints: Callable[[], list[Wire]]

    def send_event(self, kind: str, about: Wire, at: int) -> None:
        for endpoint in self.endpoints():
            if endpoint["status"] == "enabled" and {kind, "*"} & set(endpoint["enabled_events"]):
                self.queue(notice(endpoint, kind, about, at))

    def post(self, message: Notice) -> requests.Response:
        url, body = message.endpoint["url"], message.body.encode()
        return requests.post(url, body, headers=message.headers(), timeout=30, allow_redirects=False)


def notice(endpoint: Wire, kind: str, about: Wire, at: int) -> Notice:
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
    return Notice(event, endpoint, json.dumps(event, indent=2))
