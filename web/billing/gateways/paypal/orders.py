"""PayPal's orders: the request for a new one, and the facts that an existing one reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from billing.gateways.facts import (
    AttemptExpired,
    Fact,
    PaymentCaptured,
    PaymentDeclined,
    PaymentPending,
    PaymentReference,
    RefundState,
)
from billing.gateways.paypal import amounts
from billing.models import Payment, Refund
from common.errors import PermanentFailure

LONGEST = 127
LINKS = ("payer-action", "approve")
"""The payer approves an order with a payment source by the first link, and an older order by the second."""

OPEN = ("CREATED", "SAVED", "PAYER_ACTION_REQUIRED")
OURS = "refund-"
"""The custom id of our refunds begins with this. A refund made on PayPal's own pages has the payment's custom id."""

REFUND_STATES = {
    "COMPLETED": Refund.State.DONE,
    "PENDING": Refund.State.SENT,
    "FAILED": Refund.State.FAILED,
    "CANCELLED": Refund.State.FAILED,
}
WAITING = {
    "ECHECK": "The payer's bank takes a few days to send the money.",
    "PENDING_REVIEW": "PayPal is reviewing this payment.",
    "RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION": "The school has to accept it in its PayPal account.",
    "UNILATERAL": "The school's PayPal account has not confirmed its address yet.",
    "VERIFICATION_REQUIRED": "The school's PayPal account is not verified yet.",
}


@dataclass(frozen=True)
class OrderRequest:
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
            "brand_name": clip_text(self.brand),
        }
        unit: dict[str, Any] = {
            "amount": amounts.to_paypal_amount(self.payment.total, self.payment.currency),
            "custom_id": self.payment.token,
            # An account may be configured to refuse a known invoice number, so each attempt has its own.
            "invoice_id": f"{self.payment.order.number}-{self.payment.token[:8]}",
            "description": clip_text(f"{self.brand}: {self.payment.description}"),
        }
        if self.payee:
            unit["payee"] = {"email_address": self.payee}
        return {
            "intent": "CAPTURE",
            "purchase_units": [unit],
            "payment_source": {"paypal": {"experience_context": context}},
        }


def clip_text(text: str) -> str:
    """Cut a text to PayPal's limit, which counts UTF-8 bytes."""
    return text.encode()[:LONGEST].decode(errors="ignore")


def approval_url(order: Mapping[str, Any]) -> str:
    links = {link.get("rel"): link.get("href") for link in order.get("links", ())}
    for name in LINKS:
        if links.get(name):
            return str(links[name])
    raise PermanentFailure("PayPal's order has no page for the payer.")


def reference_of_order(order: Mapping[str, Any]) -> PaymentReference:
    units = order.get("purchase_units") or [{}]
    return PaymentReference(token=str(units[0].get("custom_id") or ""), session=str(order.get("id") or ""))


def facts_of_order(order: Mapping[str, Any]) -> tuple[Fact, ...]:
    if order.get("status") == "VOIDED":
        return (AttemptExpired(),)
    # Even the status COMPLETED does not prove a payment; only the captures do.
    payments = [unit.get("payments") or {} for unit in order.get("purchase_units", ())]
    captures = (fact_of_capture(capture) for payment in payments for capture in payment.get("captures", ()))
    refunds = (fact_of_refund(refund) for payment in payments for refund in payment.get("refunds", ()))
    return (*captures, *refunds)


def fact_of_capture(capture: Mapping[str, Any]) -> Fact:
    status, reason = capture.get("status"), (capture.get("status_details") or {}).get("reason", "")
    if status == "PENDING":
        return PaymentPending(WAITING.get(reason, "PayPal has not finished with this payment yet."))
    if status in ("DECLINED", "FAILED"):
        return PaymentDeclined("PayPal could not take the money.")
    if status not in ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"):
        raise PermanentFailure("PayPal reports an unknown payment status.")
    amount, currency = amounts.parse_paypal_amount(capture.get("amount") or {})
    fee = (capture.get("seller_receivable_breakdown") or {}).get("paypal_fee")
    fee_amount, fee_currency = amounts.parse_paypal_amount(fee) if fee else (None, currency)
    return PaymentCaptured(
        amount, currency, str(capture.get("id") or ""), fee_amount if fee_currency == currency else None
    )


def fact_of_refund(refund: Mapping[str, Any]) -> RefundState:
    amount, currency = amounts.parse_paypal_amount(refund.get("amount") or {})
    state = REFUND_STATES.get(str(refund.get("status")))
    if state is None:
        raise PermanentFailure("PayPal reports an unknown refund status.")
    custom_id = str(refund.get("custom_id") or "")
    key = custom_id.removeprefix(OURS) if custom_id.startswith(OURS) else ""
    reason = (refund.get("status_details") or {}).get("reason", "")
    return RefundState(str(refund.get("id") or ""), amount, currency, state, key, f"PayPal: {reason}" if reason else "")
