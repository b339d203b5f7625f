"""The webhook endpoint at Stripe: is it there, does it speak our version, does it tell what we follow?"""

from dataclasses import dataclass, field
from typing import Any

from stripe import StripeClient, WebhookEndpoint

from billing.gateways.stripe.client import VERSION, speaking
from billing.gateways.stripe.webhooks import FOLLOWED


@dataclass(frozen=True)
class Found:
    """One endpoint of our address. A version cannot be changed afterwards; everything else can."""

    id: str
    problems: list[str] = field(default_factory=list)


def look(client: StripeClient, url: str) -> list[Found]:
    with speaking():
        known = list(client.v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter())
    return [Found(each.id, problems(each)) for each in known if each.url == url]


def problems(endpoint: WebhookEndpoint) -> list[str]:
    found = []
    if endpoint.api_version != VERSION:
        found.append(f"it speaks {endpoint.api_version or 'the version of the account'}, not {VERSION}")
    missing = set() if "*" in endpoint.enabled_events else set(FOLLOWED) - set(endpoint.enabled_events)
    if missing:
        found.append(f"it does not tell {', '.join(sorted(missing))}")
    if endpoint.status != "enabled":
        found.append("it is switched off")
    return found


def make(client: StripeClient, url: str) -> str:
    """The secret, which Stripe tells only now."""
    events: list[Any] = list(FOLLOWED)
    with speaking():
        made = client.v1.webhook_endpoints.create(
            {"url": url, "api_version": VERSION, "enabled_events": events, "description": "The school's site"}
        )
    return made.secret or ""
