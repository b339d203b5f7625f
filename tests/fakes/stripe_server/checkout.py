"""Checkout Sessions and what a payer does with them. The numbers of the cards are those of Stripe's own test mode."""

import copy
import re

from tests.fakes.stripe_server import money
from tests.fakes.stripe_server.books import check_metadata
from tests.fakes.stripe_server.refunds_and_disputes import RefundsAndDisputes
from tests.fakes.stripe_server.wire import StripeError, Wire

HALF_AN_HOUR, A_DAY = 30 * 60, 24 * 60 * 60
DECLINES = {
    "4000000000000002": ("generic_decline", "Your card was declined."),
    "4000000000009995": ("insufficient_funds", "Your card has insufficient funds."),
}
REQUIRE_AUTHENTICATION = ("4000002500003155", "4000000000003220")
DISPUTED_SOON = "4000000000000259"
ECHOED_PARAMS = (
    "adaptive_pricing cancel_url client_reference_id customer_email locale mode submit_type success_url".split()
)


class Checkout(RefundsAndDisputes):
    def open_session(self, params: Wire) -> Wire:
        total, currency = _sum(params)
        until = params.get("expires_at", self.now() + A_DAY)
        if not HALF_AN_HOUR <= until - self.now() + 1 <= A_DAY + 1:
            raise StripeError("The `expires_at` timestamp must be 30 minutes to 24 hours ahead.", param="expires_at")
        _check(params)
        echoed = {name: params.get(name) for name in ECHOED_PARAMS}
        session = self.add("cs_test", "checkout.session", **echoed)
        session |= {
            "metadata": params.get("metadata", {}),
            "amount_subtotal": total,
            "amount_total": total,
            "currency": currency,
            "expires_at": until,
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "url": f"{self.url}/c/pay/{session['id']}",
            "_params": params,
        }
        return session

    def session(self, number: str) -> Wire:
        session = self.find("checkout.session", number)
        if session["status"] == "open" and self.now() >= session["expires_at"]:
            self._expire(session)
        return session

    def expire(self, number: str) -> Wire:
        session = self.session(number)
        if session["status"] != "open":
            raise StripeError('Only Checkout Sessions with a status in ["open"] can be expired.')
        self._expire(session)
        return session

    def _expire(self, session: Wire) -> None:
        session |= {"status": "expired", "url": None}
        self.send_event("checkout.session.expired", session)

    # -- what the payer does -----------------------------------------------------------------------------------------

    def pay(self, number: str, card: str, *, agreed: bool = False) -> str:
        """Return `paid`, `bank` if the payer's bank must approve first, or the sentence that declines the card."""
        session = self._open(number)
        intent = self._intent(session)
        if card in REQUIRE_AUTHENTICATION and not agreed:
            intent["status"] = "requires_action"
            return "bank"
        if card in DECLINES:
            return self.decline(number, *DECLINES[card])
        intent["_card"] = card
        self._take(session, intent, "card")
        self._complete(session, "paid")
        if card == DISPUTED_SOON:
            self.dispute(intent["id"])
        return "paid"

    def decline(self, number: str, code: str, sentence: str) -> str:
        intent = self._intent(self._open(number))
        error = {"type": "card_error", "code": "card_declined", "decline_code": code, "message": sentence}
        intent |= {"status": "requires_payment_method", "last_payment_error": error}
        self.send_event("payment_intent.payment_failed", intent)
        return sentence

    def pay_from_bank(self, number: str) -> None:
        """A bank debit completes the session, and the money arrives days later or never."""
        session = self._open(number)
        intent = self._intent(session)
        intent["status"] = "processing"
        self._complete(session, "unpaid")

    def settle(self, number: str, *, good: bool) -> None:
        session = self.find("checkout.session", number)
        intent = self.find("payment_intent", session["payment_intent"])
        if intent["status"] != "processing":
            raise StripeError("This payment is not processing.")
        if good:
            self._take(session, intent, "us_bank_account")
            session["payment_status"] = "paid"
            self.send_event("checkout.session.async_payment_succeeded", session)
            return
        sentence = "The customer's bank account could not be debited."
        error = {"type": "card_error", "code": "payment_intent_payment_attempt_failed", "message": sentence}
        intent |= {"status": "requires_payment_method", "last_payment_error": error}
        self.send_event("payment_intent.payment_failed", intent)
        self.send_event("checkout.session.async_payment_failed", session)

    def _open(self, number: str) -> Wire:
        session = self.session(number)
        if session["status"] != "open":
            raise StripeError("This page is no longer open.", status=410)
        return session

    def _intent(self, session: Wire) -> Wire:
        if session["payment_intent"]:
            return self.find("payment_intent", session["payment_intent"])
        intent = self.add("pi", "payment_intent", amount=session["amount_total"], currency=session["currency"])
        intent |= {"status": "requires_payment_method", "latest_charge": None, "amount_received": 0}
        intent |= copy.deepcopy(session["_params"].get("payment_intent_data", {}))
        session["payment_intent"] = intent["id"]
        return intent

    def _take(self, session: Wire, intent: Wire, method: str) -> None:
        amount, currency = intent["amount"], intent["currency"]
        charge = self.add("ch", "charge", amount=amount, amount_captured=amount, currency=currency, paid=True)
        charge |= {
            "amount_refunded": 0,
            "refunded": False,
            "disputed": False,
            "status": "succeeded",
            "payment_intent": intent["id"],
            "metadata": dict(intent["metadata"]),
            "payment_method_details": {"type": method},
        }
        charge["balance_transaction"] = self.book("charge", charge["id"], amount, currency, fee=money.fee(amount))["id"]
        intent |= {"status": "succeeded", "latest_charge": charge["id"], "amount_received": amount}
        self.send_event("charge.succeeded", charge)
        self.send_event("payment_intent.succeeded", intent)

    def _complete(self, session: Wire, paid: str) -> None:
        session |= {"status": "complete", "payment_status": paid, "url": None}
        self.send_event("checkout.session.completed", session)


def _check(params: Wire) -> None:
    for needed in ("success_url", "mode"):
        if needed not in params:
            raise StripeError(f"Missing required param: {needed}.", code="parameter_missing", param=needed)
    for place in ("success_url", "cancel_url"):
        if not re.match(r"https?://[^/\s]+/", params.get(place, "https://school.example/")):
            raise StripeError("Not a valid URL", code="url_invalid", param=place)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", params.get("customer_email", "pat@school.example")):
        raise StripeError("Invalid email address", code="email_invalid", param="customer_email")
    if len(params.get("client_reference_id", "")) > 200:
        raise StripeError("client_reference_id is too long", param="client_reference_id")
    check_metadata(params.get("metadata", {}))
    check_metadata(params.get("payment_intent_data", {}).get("metadata", {}))


def _sum(params: Wire) -> tuple[int, str]:
    if not params.get("line_items"):
        raise StripeError("Missing required param: line_items.", code="parameter_missing", param="line_items")
    prices = [(item.get("price_data"), item.get("quantity", 1)) for item in params["line_items"]]
    if any(price is None or "unit_amount" not in price or "product_data" not in price for price, _ in prices):
        raise StripeError("Each line needs price_data with unit_amount and product_data.", param="line_items")
    currencies = {price["currency"] for price, _ in prices}
    if len(currencies) > 1:
        raise StripeError("All prices must be of one currency.", param="line_items")
    total, currency = sum(price["unit_amount"] * number for price, number in prices), currencies.pop()
    money.check(total, currency, "line_items")
    return total, currency
