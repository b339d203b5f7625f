"""Stripe's objects in our words; the same for what we asked and for what a webhook brought."""

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


def number(of: Any) -> str:
    """Of an object that stands there whole or by its name only."""
    return str(of["id"] if isinstance(of, dict) else of or "")


def about_session(session: Wire) -> About:
    return About(token=session.get("client_reference_id") or "", session=session["id"])


def about_money(thing: Wire) -> About:
    """Charges bear our token, refunds when we made them, disputes never; all know the payment intent."""
    token = (thing.get("metadata") or {}).get("token", "")
    return About(token=token, reference=number(thing.get("payment_intent")))


def session(found: Wire) -> list[Fact]:
    if found["payment_status"] == "paid":
        return [taken(found)]
    if found["status"] == "expired":
        return [Expired()]
    if found["status"] == "complete":
        return [unpaid(found["payment_intent"])]
    return []


def taken(found: Wire) -> Taken:
    currency = found["currency"].upper()
    amount = from_stripe(found["amount_total"], currency)
    return Taken(amount, currency, number(found["payment_intent"]), fee=fee(found["payment_intent"], currency))


def fee(intent: Any, currency: str) -> Decimal | None:
    """Only where the whole charge was asked for; none where Stripe books in another currency than was paid in."""
    charge = intent.get("latest_charge") if isinstance(intent, dict) else None
    booked = charge.get("balance_transaction") if isinstance(charge, dict) else None
    if not isinstance(booked, dict) or booked["currency"].upper() != currency:
        return None
    return from_stripe(booked["fee"], currency)


def unpaid(intent: Any) -> Fact:
    """A debit whose bank has not answered, or has said no. A webhook tells which by its name."""
    if isinstance(intent, dict) and intent["status"] in ("requires_payment_method", "canceled"):
        return Refused(NO_MONEY_CAME)
    return OnItsWay("The bank takes a few days to send the money.")


def refund(found: Wire) -> GivenBack:
    currency = found["currency"].upper()
    return GivenBack(
        reference=found["id"],
        amount=from_stripe(found["amount"], currency),
        currency=currency,
        state=refund_state(found),
        key=(found.get("metadata") or {}).get("refund", ""),
        message=(found.get("failure_reason") or "").replace("_", " "),
    )


def refund_state(found: Wire) -> str:
    return REFUNDS.get(found["status"], Refund.State.SENT)


def dispute(found: Wire) -> Disputed:
    currency = found["currency"].upper()
    return Disputed(
        reference=found["id"],
        amount=from_stripe(found["amount"], currency),
        currency=currency,
        state=DISPUTES.get(found["status"], Dispute.State.OPEN),
        reason=(found.get("reason") or "").replace("_", " "),
    )
