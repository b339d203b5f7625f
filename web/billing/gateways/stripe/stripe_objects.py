"""Parsers that turn Stripe's objects into facts, both from the API and from webhooks."""

from decimal import Decimal
from typing import Any

from billing.gateways.facts import (
    AttemptExpired,
    DisputeState,
    Fact,
    PaymentCaptured,
    PaymentDeclined,
    PaymentPending,
    PaymentReference,
    RefundState,
)
from billing.gateways.stripe.amounts import from_stripe_units
from billing.models import Dispute, Refund

Wire = dict[str, Any]

REFUNDS = {"succeeded": Refund.State.DONE, "failed": Refund.State.FAILED, "canceled": Refund.State.FAILED}
DISPUTES = {
    "won": Dispute.State.WON,
    "prevented": Dispute.State.WON,
    "warning_closed": Dispute.State.WON,
    "lost": Dispute.State.LOST,
}
NO_MONEY_CAME = "The bank did not pay."


def object_id(value: Any) -> str:
    """Return the id of an object, which Stripe sends either expanded or as the id alone."""
    return str(value["id"] if isinstance(value, dict) else value or "")


def reference_of_session(session: Wire) -> PaymentReference:
    return PaymentReference(token=session.get("client_reference_id") or "", session=session["id"])


def reference_of_money(thing: Wire) -> PaymentReference:
    # Charges and our own refunds have our token, and disputes never do. All of them have the payment intent.
    token = (thing.get("metadata") or {}).get("token", "")
    return PaymentReference(token=token, reference=object_id(thing.get("payment_intent")))


def facts_of_session(wire: Wire) -> list[Fact]:
    if wire["payment_status"] == "paid":
        return [fact_of_paid_session(wire)]
    if wire["status"] == "expired":
        return [AttemptExpired()]
    if wire["status"] == "complete":
        return [fact_of_unpaid_intent(wire["payment_intent"])]
    return []


def fact_of_paid_session(wire: Wire) -> PaymentCaptured:
    currency = wire["currency"].upper()
    amount = from_stripe_units(wire["amount_total"], currency)
    return PaymentCaptured(
        amount, currency, object_id(wire["payment_intent"]), fee=fee_of_intent(wire["payment_intent"], currency)
    )


def fee_of_intent(intent: Any, currency: str) -> Decimal | None:
    """Return the fee, or None if the charge is not expanded or Stripe settled it in another currency."""
    charge = intent.get("latest_charge") if isinstance(intent, dict) else None
    transaction = charge.get("balance_transaction") if isinstance(charge, dict) else None
    if not isinstance(transaction, dict) or transaction["currency"].upper() != currency:
        return None
    return from_stripe_units(transaction["fee"], currency)


def fact_of_unpaid_intent(intent: Any) -> Fact:
    """Return whether a direct debit has failed or is pending. A webhook shows it by the name of its event."""
    if isinstance(intent, dict) and intent["status"] in ("requires_payment_method", "canceled"):
        return PaymentDeclined(NO_MONEY_CAME)
    return PaymentPending("The bank takes a few days to send the money.")


def fact_of_stripe_refund(wire: Wire) -> RefundState:
    currency = wire["currency"].upper()
    return RefundState(
        reference=wire["id"],
        amount=from_stripe_units(wire["amount"], currency),
        currency=currency,
        state=refund_state(wire),
        key=(wire.get("metadata") or {}).get("refund", ""),
        message=(wire.get("failure_reason") or "").replace("_", " "),
    )


def refund_state(wire: Wire) -> str:
    return REFUNDS.get(wire["status"], Refund.State.SENT)


def fact_of_dispute(wire: Wire) -> DisputeState:
    currency = wire["currency"].upper()
    return DisputeState(
        reference=wire["id"],
        amount=from_stripe_units(wire["amount"], currency),
        currency=currency,
        state=DISPUTES.get(wire["status"], Dispute.State.OPEN),
        reason=(wire.get("reason") or "").replace("_", " "),
    )
