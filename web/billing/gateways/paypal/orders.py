"""PayPal's orders: how one is asked for, and what one that exists says in our words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from billing.gateways.facts import About, Expired, Fact, GivenBack, OnItsWay, Refused, Taken
from billing.gateways.paypal import amounts
from billing.models import Payment, Refund
from common.errors import Permanent

LONGEST = 127
LINKS = ("payer-action", "approve")
"""Orders with a payment source are approved by the first, older ones by the second."""

OPEN = ("CREATED", "SAVED", "PAYER_ACTION_REQUIRED")
OURS = "refund-"
"""Begins the custom id of refunds that we asked for; those made in PayPal's own pages carry the payment's."""

REFUND_STATES = {
    "COMPLETED": Refund.State.DONE,
    "PENDING": Refund.State.SENT,
    "FAILED": Refund.State.FAILED,
    "CANCELLED": Refund.State.FAILED,
}
WAITING = {
    "ECHECK": "The payer's bank takes some days to send it.",
    "PENDING_REVIEW": "PayPal looks at this payment before it lets it through.",
    "RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION": "The school has to accept it in its PayPal account.",
    "UNILATERAL": "The school's PayPal account has not confirmed its address yet.",
    "VERIFICATION_REQUIRED": "The school's PayPal account is not verified yet.",
}


@dataclass(frozen=True)
class Wanted:
    """What a new order is made from."""

    payment: Payment
    site: str
    brand: str
    payee: str = ""

    def body(self) -> dict[str, Any]:
        context = {
            "return_url": f"{self.site}{self.payment.get_process_url()}",
            "cancel_url": f"{self.site}{self.payment.canceled_address}",
            "user_action": "PAY_NOW",
            "shipping_preference": "NO_SHIPPING",
            "brand_name": clipped(self.brand),
        }
        return {
            "intent": "CAPTURE",
            "purchase_units": [self._unit()],
            "payment_source": {"paypal": {"experience_context": context}},
        }

    def _unit(self) -> dict[str, Any]:
        payment = self.payment
        unit: dict[str, Any] = {
            "amount": amounts.money(payment.total, payment.currency),
            "custom_id": payment.token,
            # Accounts may be set to refuse an invoice number that they have seen, so each attempt has its own.
            "invoice_id": f"{payment.order.number}-{payment.token[:8]}",
            "description": clipped(f"{self.brand}: {payment.description}"),
        }
        return unit | ({"payee": {"email_address": self.payee}} if self.payee else {})


def clipped(text: str) -> str:
    """PayPal counts letters beyond ASCII as several."""
    return text.encode()[:LONGEST].decode(errors="ignore")


def approval_url(order: Mapping[str, Any]) -> str:
    found = {link.get("rel"): link.get("href") for link in order.get("links", ())}
    for name in LINKS:
        if found.get(name):
            return str(found[name])
    raise Permanent("PayPal's order has no page for the payer.")


def about(order: Mapping[str, Any]) -> About:
    units = order.get("purchase_units") or [{}]
    return About(token=str(units[0].get("custom_id") or ""), session=str(order.get("id") or ""))


def facts(order: Mapping[str, Any]) -> tuple[Fact, ...]:
    """A completed order is no money yet: its captures tell."""
    if order.get("status") == "VOIDED":
        return (Expired(),)
    money = [unit.get("payments") or {} for unit in order.get("purchase_units", ())]
    captures = (from_capture(each) for payments in money for each in payments.get("captures", ()))
    refunds = (from_refund(each) for payments in money for each in payments.get("refunds", ()))
    return (*captures, *refunds)


def from_capture(capture: Mapping[str, Any]) -> Fact:
    status, reason = capture.get("status"), (capture.get("status_details") or {}).get("reason", "")
    if status == "PENDING":
        return OnItsWay(WAITING.get(reason, "PayPal has not finished with this payment yet."))
    if status in ("DECLINED", "FAILED"):
        return Refused("PayPal could not take the money.")
    if status not in ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"):
        raise Permanent("PayPal reports an unknown payment status.")
    amount, currency = amounts.read(capture.get("amount") or {})
    fee = (capture.get("seller_receivable_breakdown") or {}).get("paypal_fee")
    paid = amounts.read(fee) if fee else (None, currency)
    return Taken(amount, currency, str(capture.get("id") or ""), paid[0] if paid[1] == currency else None)


def from_refund(refund: Mapping[str, Any]) -> GivenBack:
    amount, currency = amounts.read(refund.get("amount") or {})
    state = REFUND_STATES.get(str(refund.get("status")))
    if state is None:
        raise Permanent("PayPal reports an unknown refund status.")
    custom = str(refund.get("custom_id") or "")
    key = custom.removeprefix(OURS) if custom.startswith(OURS) else ""
    reason = (refund.get("status_details") or {}).get("reason", "")
    return GivenBack(str(refund.get("id") or ""), amount, currency, state, key, f"PayPal: {reason}" if reason else "")
