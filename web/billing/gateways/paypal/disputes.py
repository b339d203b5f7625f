"""PayPal's disputes, from webhooks and from its API."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from billing.gateways.facts import DisputeState, PaymentReference
from billing.gateways.paypal import amounts
from billing.gateways.paypal.client import PayPalClient, PayPalNotPermitted

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


def disputes_of_capture(client: PayPalClient, capture: str) -> Iterator[DisputeState]:
    for item in list_disputes(client, capture):
        yield parse_dispute(client.get(f"{DISPUTES_PATH}/{item['dispute_id']}"))


def list_disputes(client: PayPalClient, capture: str) -> Sequence[Mapping[str, Any]]:
    """List the disputes of a capture, with few details. The list is empty if the app may not read disputes."""
    try:
        return client.get(DISPUTES_PATH, {"disputed_transaction_id": capture}).get("items") or ()
    except PayPalNotPermitted:
        return ()


def find_dispute_id(client: PayPalClient, capture: str, amount: Decimal) -> str:
    """Return the id of the dispute over this amount of the payment, or "" if there is none."""
    for item in list_disputes(client, capture):
        if amounts.parse_paypal_amount(item.get("dispute_amount") or {})[0] == amount:
            return str(item.get("dispute_id") or "")
    return ""


def parse_dispute(dispute: Mapping[str, Any]) -> DisputeState:
    amount, currency = amounts.parse_paypal_amount(dispute.get("dispute_amount") or {})
    return DisputeState(
        reference=str(dispute.get("dispute_id") or ""),
        amount=amount,
        currency=currency,
        state=dispute_state(dispute),
        reason=str(dispute.get("reason") or "").replace("_", " ").capitalize(),
    )


def dispute_state(dispute: Mapping[str, Any]) -> str:
    if dispute.get("status") != "RESOLVED":
        return "open"
    return OUTCOMES.get(str((dispute.get("dispute_outcome") or {}).get("outcome_code")), "open")


def disputed_payment(dispute: Mapping[str, Any]) -> PaymentReference:
    first: Mapping[str, Any] = next(iter(dispute.get("disputed_transactions") or ()), {})
    return PaymentReference(reference=str(first.get("seller_transaction_id") or ""))
