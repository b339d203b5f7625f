"""PayPal's disputes, from webhooks and from its API."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from billing.gateways.facts import About, Disputed
from billing.gateways.paypal import amounts
from billing.gateways.paypal.client import Client, NotAllowed

DISPUTES_PATH = "/v1/customer/disputes"

OUTCOMES = {
    "RESOLVED_SELLER_FAVOUR": "won",
    "RESOLVED_WITH_PAYOUT": "won",  # PayPal pays the buyer, and the school keeps its money.
    "CANCELED_BY_BUYER": "won",
    "DENIED": "won",
    "RESOLVED_BUYER_FAVOUR": "lost",
    "ACCEPTED": "lost",
}
"""With any other outcome the dispute stays open here, so that a person decides."""


def about(client: Client, capture: str) -> Iterator[Disputed]:
    for item in listed(client, capture):
        yield read(client.get(f"{DISPUTES_PATH}/{item['dispute_id']}"))


def listed(client: Client, capture: str) -> Sequence[Mapping[str, Any]]:
    """List the disputes of a capture, with few details. The list is empty if the app may not read disputes."""
    try:
        return client.get(DISPUTES_PATH, {"disputed_transaction_id": capture}).get("items") or ()
    except NotAllowed:
        return ()


def named(client: Client, capture: str, amount: Decimal) -> str:
    """Return the id of the dispute over this amount of the payment, or "" if there is none."""
    for item in listed(client, capture):
        if amounts.read(item.get("dispute_amount") or {})[0] == amount:
            return str(item.get("dispute_id") or "")
    return ""


def read(dispute: Mapping[str, Any]) -> Disputed:
    amount, currency = amounts.read(dispute.get("dispute_amount") or {})
    return Disputed(
        reference=str(dispute.get("dispute_id") or ""),
        amount=amount,
        currency=currency,
        state=state(dispute),
        reason=str(dispute.get("reason") or "").replace("_", " ").capitalize(),
    )


def state(dispute: Mapping[str, Any]) -> str:
    if dispute.get("status") != "RESOLVED":
        return "open"
    return OUTCOMES.get(str((dispute.get("dispute_outcome") or {}).get("outcome_code")), "open")


def payment(dispute: Mapping[str, Any]) -> About:
    first: Mapping[str, Any] = next(iter(dispute.get("disputed_transactions") or ()), {})
    return About(reference=str(first.get("seller_transaction_id") or ""))
