"""Finding, checking and creating the webhook endpoint at Stripe."""

from dataclasses import dataclass, field
from typing import Any

from stripe import StripeClient, WebhookEndpoint

from billing.gateways.stripe.client import VERSION, speaking
from billing.gateways.stripe.webhooks import FOLLOWED


@dataclass(frozen=True)
class Found:
    """An endpoint for our address, with sentences about its problems. Its version cannot be changed later."""

    id: str
    problems: list[str] = field(default_factory=list)


def look(client: StripeClient, url: str) -> list[Found]:
    with speaking():
        endpoints = list(client.v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter())
    return [Found(endpoint.id, problems(endpoint)) for endpoint in endpoints if endpoint.url == url]


def problems(endpoint: WebhookEndpoint) -> list[str]:
    sentences = []
    if endpoint.api_version != VERSION:
        sentences.append(f"it uses {endpoint.api_version or 'the version of the account'}, not {VERSION}")
    missing = set() if "*" in endpoint.enabled_events else set(FOLLOWED) - set(endpoint.enabled_events)
    if missing:
        sentences.append(f"it does not send {', '.join(sorted(missing))}")
    if endpoint.status != "enabled":
        sentences.append("it is disabled")
    return sentences


def make(client: StripeClient, url: str) -> str:
    """Create the endpoint and return its secret, which Stripe shows only once."""
    events: list[Any] = list(FOLLOWED)
    with speaking():
        endpoint = client.v1.webhook_endpoints.create(
            {"url": url, "api_version": VERSION, "enabled_events": events, "description": "The school's site"}
        )
    return endpoint.secret or ""
