"""Parsers that turn Stripe's objects into facts, both from the API and from webhooks."""

from decimal import Decimal
from typing import Any

from billing.gateways.facts import About, Disputed, Expired, Fact, GivenBack, OnItsWay, Refused, Taken
from billing.gateways.stripe.amounts import from_stripe
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


def number(value: Any) -> str:
    """Return the id of an object, which Stripe sends either expanded or as the id alone."""
    return str(value["id"] if isinstance(value, dict) else value or "")


def about_session(session: Wire) -> About:
    return About(token=session.get("client_reference_id") or "", session=session["id"])


def about_money(thing: Wire) -> About:
    # Charges and our own refunds have our token, and disputes never do. All of them have the payment intent.
    token = (thing.get("metadata") or {}).get("token", "")
    return About(token=token, reference=number(thing.get("payment_intent")))


def session(wire: Wire) -> list[Fact]:
    if wire["payment_status"] == "paid":
        return [taken(wire)]
    if wire["status"] == "expired":
        return [Expired()]
    if wire["status"] == "complete":
        return [unpaid(wire["payment_intent"])]
    return []


def taken(wire: Wire) -> Taken:
    currency = wire["currency"].upper()
    amount = from_stripe(wire["amount_total"], currency)
    return Taken(amount, currency, number(wire["payment_intent"]), fee=fee(wire["payment_intent"], currency))


def fee(intent: Any, currency: str) -> Decimal | None:
    """Return the fee, or None if the charge is not expanded or Stripe settled it in another currency."""
    charge = intent.get("latest_charge") if isinstance(intent, dict) else None
    transaction = charge.get("balance_transaction") if isinstance(charge, dict) else None
    if not isinstance(transaction, dict) or transaction["currency"].upper() != currency:
        return None
    return from_stripe(transaction["fee"], currency)


def unpaid(intent: Any) -> Fact:
    """Return whether a direct debit has failed or is pending. A webhook shows it by the name of its event."""
    if isinstance(intent, dict) and intent["status"] in ("requires_payment_method", "canceled"):
        return Refused(NO_MONEY_CAME)
    return OnItsWay("The bank takes a few days to send the money.")


def refund(wire: Wire) -> GivenBack:
    currency = wire["currency"].upper()
    return GivenBack(
        reference=wire["id"],
        amount=from_stripe(wire["amount"], currency),
        currency=currency,
        state=refund_state(wire),
        key=(wire.get("metadata") or {}).get("refund", ""),
        message=(wire.get("failure_reason") or "").replace("_", " "),
    )


def refund_state(wire: Wire) -> str:
    return REFUNDS.get(wire["status"], Refund.State.SENT)


def dispute(wire: Wire) -> Disputed:
    currency = wire["currency"].upper()
    return Disputed(
        reference=wire["id"],
        amount=from_stripe(wire["amount"], currency),
        currency=currency,
        state=DISPUTES.get(wire["status"], Dispute.State.OPEN),
        reason=(wire.get("reason") or "").replace("_", " "),
    )
