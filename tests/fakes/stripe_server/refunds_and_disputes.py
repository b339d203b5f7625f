"""Money that goes back: refunds, and disputes that the payer's bank opens."""

from tests.fakes.stripe_server import money
from tests.fakes.stripe_server.books import Books, check_metadata, shown
from tests.fakes.stripe_server.wire import StripeRefusal, Wire

REFUND_FAILS = "4000000000005126"
REFUND_WAITS = "4000000000007726"


class GoingBack(Books):
    def refund(self, asked: Wire) -> Wire:
        charge = self._refundable(asked)
        left = charge["amount"] - charge["amount_refunded"]
        amount = asked.get("amount", left)
        if amount <= 0:
            raise StripeRefusal("Invalid positive integer", code="parameter_invalid_integer", param="amount")
        if amount > left:
            raise StripeRefusal(f"Refund amount ({amount}) is greater than unrefunded amount ({left}).", param="amount")
        money.check_steps(amount, charge["currency"], "amount")
        if self.short:
            raise StripeRefusal("Insufficient funds in your Stripe balance.", code="balance_insufficient")
        check_metadata(asked.get("metadata", {}))
        return self._give_back(charge, amount, asked)

    def _refundable(self, asked: Wire) -> Wire:
        if "payment_intent" in asked:
            intent = self.find("payment_intent", asked["payment_intent"])
            if not intent["latest_charge"]:
                raise StripeRefusal(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
            charge = self.find("charge", intent["latest_charge"])
        elif "charge" in asked:
            charge = self.find("charge", asked["charge"])
        else:
            raise StripeRefusal("One of the following params should be provided: payment_intent or charge.")
        if charge["refunded"]:
            raise StripeRefusal(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
        if any(dispute["status"] != "won" for dispute in self.every("dispute", charge=charge["id"])):
            raise StripeRefusal(f"Charge {charge['id']} has been charged back.", code="charge_disputed")
        return charge

    def _give_back(self, charge: Wire, amount: int, asked: Wire) -> Wire:
        card = self.find("payment_intent", charge["payment_intent"]).get("_card")
        refund = self.add("re", "refund", amount=amount, charge=charge["id"], currency=charge["currency"])
        refund |= {
            "payment_intent": charge["payment_intent"],
            "metadata": asked.get("metadata", {}),
            "reason": asked.get("reason"),
            "status": "pending" if card == REFUND_WAITS else "succeeded",
        }
        booked = self.book("refund", refund["id"], -amount, charge["currency"])
        refund["balance_transaction"] = booked["id"]
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self.tell("refund.created", refund)
        self.tell("charge.refunded", charge)
        return refund

    def settle_refund(self, number: str, *, good: bool) -> None:
        """Later a pending refund arrives, or one that seemed to have arrived does not."""
        refund = self.find("refund", number)
        if refund["status"] == "failed" or (good and refund["status"] != "pending"):
            raise StripeRefusal("This refund is settled.")
        if good:
            refund["status"] = "succeeded"
            self.tell("refund.updated", refund)
            return
        charge = self.find("charge", refund["charge"])
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
        self.book("refund_failure", refund["id"], refund["amount"], refund["currency"])
        self.tell("refund.updated", refund)
        self.tell("refund.failed", refund)

    # -- disputes ----------------------------------------------------------------------------------------------------

    def dispute(self, intent: str) -> Wire:
        charge = self.find("charge", self.find("payment_intent", intent)["latest_charge"])
        if charge["disputed"]:
            raise StripeRefusal("This charge is disputed already.")
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
        self.tell("charge.dispute.created", dispute)
        booked = self.book("adjustment", dispute["id"], -amount, currency, fee=1500, category="dispute")
        dispute["balance_transactions"].append(shown(booked))
        self.tell("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def close_dispute(self, number: str, *, won: bool) -> None:
        dispute = self.find("dispute", number)
        if dispute["status"] != "needs_response":
            raise StripeRefusal("This dispute is closed.")
        dispute["status"] = "won" if won else "lost"
        if won:
            amount, currency = dispute["amount"], dispute["currency"]
            booked = self.book("adjustment", dispute["id"], amount, currency, category="dispute_reversal")
            dispute["balance_transactions"].append(shown(booked))
            self.tell("charge.dispute.funds_reinstated", dispute)
        self.tell("charge.dispute.closed", dispute)
