"""Finding, checking and creating the webhook endpoint at Stripe."""

from dataclasses import dataclass, field
from typing import Any

from stripe import StripeClient, WebhookEndpoint

from billing.gateways.stripe.client import VERSION, translate_stripe_errors
from billing.gateways.stripe.webhooks import FOLLOWED


@dataclass(frozen=True)
class RegisteredEndpoint:
    """An endpoint for our address, with sentences about its problems. Its version cannot be changed later."""

    id: str
    problems: list[str] = field(default_factory=list)


def find_endpoints(client: StripeClient, url: str) -> list[RegisteredEndpoint]:
    with translate_stripe_errors():
        endpoints = list(client.v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter())
    return [
        RegisteredEndpoint(endpoint.id, endpoint_problems(endpoint)) for endpoint in endpoints if endpoint.url == url
    ]


def endpoint_problems(endpoint: WebhookEndpoint) -> list[str]:
    sentences = []
    if endpoint.api_version != VERSION:
        sentences.append(f"it uses {endpoint.api_version or 'the version of the account'}, not {VERSION}")
    missing = set() if "*" in endpoint.enabled_events else set(FOLLOWED) - set(endpoint.enabled_events)
    if missing:
        sentences.append(f"it does not send {', '.join(sorted(missing))}")
    if endpoint.status != "enabled":
        sentences.append("it is disabled")
    return sentences


def create_endpoint(client: StripeClient, url: str) -> str:
    """Create the endpoint and return its secret, which Stripe shows only once."""
    events: list[Any] = list(FOLLOWED)
    with translate_stripe_errors():
        endpoint = client.v1.webhook_endpoints.create(
            {"url": url, "api_version": VERSION, "enabled_events": events, "description": "The school's site"}
        )
    return endpoint.secret or ""
