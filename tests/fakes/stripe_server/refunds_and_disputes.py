"""Refunds, and disputes that the payer's bank opens."""

from tests.fakes.stripe_server import money
from tests.fakes.stripe_server.books import Books, check_metadata, shown
from tests.fakes.stripe_server.wire import StripeError, Wire

REFUND_FAILS = "4000000000005126"
REFUND_WAITS = "4000000000007726"


class RefundsAndDisputes(Books):
    def refund(self, params: Wire) -> Wire:
        charge = self._refundable(params)
        left = charge["amount"] - charge["amount_refunded"]
        amount = params.get("amount", left)
        if amount <= 0:
            raise StripeError("Invalid positive integer", code="parameter_invalid_integer", param="amount")
        if amount > left:
            raise StripeError(f"Refund amount ({amount}) is greater than unrefunded amount ({left}).", param="amount")
        money.check_steps(amount, charge["currency"], "amount")
        if self.short:
            raise StripeError("Insufficient funds in your Stripe balance.", code="balance_insufficient")
        check_metadata(params.get("metadata", {}))
        return self._create_refund(charge, amount, params)

    def _refundable(self, params: Wire) -> Wire:
        if "payment_intent" in params:
            intent = self.find("payment_intent", params["payment_intent"])
            if not intent["latest_charge"]:
                raise StripeError(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
            charge = self.find("charge", intent["latest_charge"])
        elif "charge" in params:
            charge = self.find("charge", params["charge"])
        else:
            raise StripeError("One of the following params should be provided: payment_intent or charge.")
        if charge["refunded"]:
            raise StripeError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
        if any(dispute["status"] != "won" for dispute in self.every("dispute", charge=charge["id"])):
            raise StripeError(f"Charge {charge['id']} has been charged back.", code="charge_disputed")
        return charge

    def _create_refund(self, charge: Wire, amount: int, params: Wire) -> Wire:
        card = self.find("payment_intent", charge["payment_intent"]).get("_card")
        refund = self.add("re", "refund", amount=amount, charge=charge["id"], currency=charge["currency"])
        refund |= {
            "payment_intent": charge["payment_intent"],
            "metadata": params.get("metadata", {}),
            "reason": params.get("reason"),
            "status": "pending" if card == REFUND_WAITS else "succeeded",
        }
        booked = self.book("refund", refund["id"], -amount, charge["currency"])
        refund["balance_transaction"] = booked["id"]
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self.send_event("refund.created", refund)
        self.send_event("charge.refunded", charge)
        return refund

    def settle_refund(self, number: str, *, good: bool) -> None:
        """A pending refund succeeds, or a refund that seemed to have succeeded fails."""
        refund = self.find("refund", number)
        if refund["status"] == "failed" or (good and refund["status"] != "pending"):
            raise StripeError("This refund is settled.")
        if good:
            refund["status"] = "succeeded"
            self.send_event("refund.updated", refund)
            return
        charge = self.find("charge", refund["charge"])
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
        self.book("refund_failure", refund["id"], refund["amount"], refund["currency"])
        self.send_event("refund.updated", refund)
        self.send_event("refund.failed", refund)

    # -- disputes ----------------------------------------------------------------------------------------------------

    def dispute(self, intent: str) -> Wire:
        charge = self.find("charge", self.find("payment_intent", intent)["latest_charge"])
        if charge["disputed"]:
            raise StripeError("This charge is disputed already.")
        amount, currency = charge["amount"] - charge["amount_refunded"], charge["currency"]
        charge["disputed"] = True
        dispute = self.add("du", "dispute", amount=amount, currency=currency, charge=charge["id"])
        dispute |= {
            "payment_intent": intent,
            "reason": "fraudulent",
            "status": "needs_response",
            "is_charge_refundable": False,
            "balance_transactions": [],
        }
        self.send_event("charge.dispute.created", dispute)
        booked = self.book("adjustment", dispute["id"], -amount, currency, fee=1500, category="dispute")
        dispute["balance_transactions"].append(shown(booked))
        self.send_event("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def close_dispute(self, number: str, *, won: bool) -> None:
        dispute = self.find("dispute", number)
        if dispute["status"] != "needs_response":
            raise StripeError("This dispute is closed.")
        dispute["status"] = "won" if won else "lost"
        if won:
            amount, currency = dispute["amount"], dispute["currency"]
            booked = self.book("adjustment", dispute["id"], amount, currency, category="dispute_reversal")
            dispute["balance_transactions"].append(shown(booked))
            self.send_event("charge.dispute.funds_reinstated", dispute)
        self.send_event("charge.dispute.closed", dispute)
