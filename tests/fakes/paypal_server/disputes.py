"""Payers who want their money back from PayPal or their bank, and how that ends."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from tests.fakes.paypal_server.ledger import Ledger
from tests.fakes.paypal_server.wire import Wire, new_id, unknown


@dataclass
class Disputes(Ledger):
    url: str = ""
    send_event: Callable[[str, str, Wire], None] = lambda kind, of, resource: None
    """Called with the type of event, the type of resource and the resource."""

    captures: dict[str, Wire] = field(default_factory=dict)
    disputes: dict[str, Wire] = field(default_factory=dict)

    def link(self, rel: str, path: str, method: str = "GET") -> Wire:
        return {"href": f"{self.url}{path}", "rel": rel, "method": method}

    def captured(self, number: str) -> Wire:
        if number not in self.captures:
            raise unknown()
        return self.captures[number]

    def dispute(self, number: str, amount: str = "", reason: str = "MERCHANDISE_OR_SERVICE_NOT_RECEIVED") -> Wire:
        capture = self.captured(number)
        currency = capture["amount"]["currency_code"]
        mine = f"PP-R-{new_id()[:3]}-{secrets.randbelow(10**8):08}"
        dispute = {
            "dispute_id": mine,
            "create_time": self.stamp(),
            "update_time": self.stamp(),
            "disputed_transactions": [{"seller_transaction_id": number, "custom": capture.get("custom_id", "")}],
            "reason": reason,
            "status": "OPEN",
            "dispute_amount": {"currency_code": currency, "value": amount or capture["amount"]["value"]},
            "dispute_life_cycle_stage": "CHARGEBACK",
            "links": [self.link("self", f"/v1/customer/disputes/{mine}")],
        }
        self.disputes[mine] = dispute
        self.send_event("CUSTOMER.DISPUTE.CREATED", "dispute", dispute)
        return dispute

    def update_dispute(self, number: str, status: str = "UNDER_REVIEW") -> Wire:
        dispute = self.disputed(number)
        dispute |= {"status": status, "update_time": self.stamp()}
        self.send_event("CUSTOMER.DISPUTE.UPDATED", "dispute", dispute)
        return dispute

    def resolve(self, number: str, outcome: str) -> Wire:
        """`outcome` is PayPal's word; lost, the money is taken off the account."""
        dispute = self.disputed(number)
        dispute |= {
            "status": "RESOLVED",
            "update_time": self.stamp(),
            "dispute_outcome": {"outcome_code": outcome, "amount_refunded": dispute["dispute_amount"]},
        }
        if outcome in ("RESOLVED_BUYER_FAVOUR", "ACCEPTED"):
            amount = dispute["dispute_amount"]
            capture = dispute["disputed_transactions"][0]["seller_transaction_id"]
            self.book("T1201", new_id(), -Decimal(amount["value"]), amount["currency_code"], to=capture)
        self.send_event("CUSTOMER.DISPUTE.RESOLVED", "dispute", dispute)
        return dispute

    def disputes_of(self, capture: str) -> list[Wire]:
        """PayPal lists without the transactions and without the outcome."""
        all_of_them = self.disputes.values()
        return [each for each in all_of_them if each["disputed_transactions"][0]["seller_transaction_id"] == capture]

    def disputed(self, number: str) -> Wire:
        if number not in self.disputes:
            raise unknown()
        return self.disputes[number]
