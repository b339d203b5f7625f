"""PayPal's orders, captures and refunds."""

import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from tests.fakes.paypal_server.disputes import Disputes
from tests.fakes.paypal_server.wire import Wire, amount_of, check_lengths, money, new_id, unknown, unprocessable

APPROVAL_WINDOW = timedelta(hours=3)
PAYER = {
    "name": {"given_name": "Pat", "surname": "Payer"},
    "email_address": "pat@example.org",
    "payer_id": "PAYER23456789",
}


@dataclass
class Books(Disputes):
    orders: dict[str, Wire] = field(default_factory=dict)
    contexts: dict[str, Wire] = field(default_factory=dict)
    instruments: dict[str, str] = field(default_factory=dict)
    refunds: dict[str, Wire] = field(default_factory=dict)
    pending_refunds: bool = False

    # -- orders ----------------------------------------------------------------------------------------------------

    def create(self, params: Wire) -> Wire:
        for unit in params["purchase_units"]:
            amount_of(unit["amount"])
            check_lengths(unit, "description", "custom_id", "invoice_id")
        source = (params.get("payment_source") or {}).get("paypal")
        context = (source or {}).get("experience_context") or params.get("application_context") or {}
        check_lengths(context, "brand_name")
        number = new_id()
        order = {
            "id": number,
            "intent": params["intent"],
            "status": "CREATED" if source is None else "PAYER_ACTION_REQUIRED",
            "purchase_units": [{"reference_id": "default"} | copy.deepcopy(unit) for unit in params["purchase_units"]],
            "create_time": self.stamp(),
            "links": [
                self.link("self", f"/v2/checkout/orders/{number}"),
                self.link("approve" if source is None else "payer-action", f"/checkoutnow?token={number}"),
            ],
        }
        if source is not None:
            order["payment_source"] = {"paypal": {}}
        self.orders[number], self.contexts[number] = order, context
        return order

    def order(self, number: str) -> Wire:
        """Without the payer's consent an order is forgotten after three hours."""
        order = self.orders.get(number)
        if order is None:
            raise unknown()
        begun = datetime.fromisoformat(order["create_time"])
        if order["status"] != "COMPLETED" and self.now() - begun > APPROVAL_WINDOW:
            raise unknown()
        return order

    def approve(self, number: str, instrument: str = "balance") -> Wire:
        order = self.order(number)
        if order["status"] == "COMPLETED":
            raise unprocessable("ORDER_ALREADY_CAPTURED")
        self.instruments[number] = instrument
        order["links"] = [each for each in order["links"] if each["rel"] == "self"]
        order["links"].append(self.link("capture", f"/v2/checkout/orders/{number}/capture", "POST"))
        order |= {"status": "APPROVED", "payer": copy.deepcopy(PAYER), "update_time": self.stamp()}
        self.send_event("CHECKOUT.ORDER.APPROVED", "checkout-order", order)
        return order

    def take_back_approval(self, number: str) -> None:
        order = self.order(number)
        order |= {"status": "VOIDED", "update_time": self.stamp()}
        details = {"order_id": number, "purchase_units": order["purchase_units"], "payment_source": {"paypal": {}}}
        self.send_event("CHECKOUT.PAYMENT-APPROVAL.REVERSED", "payment-approval", details)

    # -- captures --------------------------------------------------------------------------------------------------

    def capture(self, number: str) -> Wire:
        order = self.order(number)
        if order["status"] == "COMPLETED":
            raise unprocessable("ORDER_ALREADY_CAPTURED")
        if order["status"] != "APPROVED":
            raise unprocessable("ORDER_NOT_APPROVED")
        instrument = self.instruments[number]
        if instrument == "declined":
            redirect = self.link("redirect", f"/checkoutnow?token={number}")
            raise unprocessable("INSTRUMENT_DECLINED", [redirect])
        unit = order["purchase_units"][0]
        capture = self._capture(number, unit)
        unit["payments"] = {"captures": [capture]}
        order |= {"status": "COMPLETED", "update_time": self.stamp()}
        if instrument == "echeck":
            capture |= {"status": "PENDING", "status_details": {"reason": "ECHECK"}}
            self.send_event("PAYMENT.CAPTURE.PENDING", "capture", capture)
        elif instrument == "failing":
            self._refuse(capture)
        else:
            self._complete(capture)
        return order

    def _capture(self, number: str, unit: Wire) -> Wire:
        mine = new_id()
        capture = {
            "id": mine,
            "amount": {name: unit["amount"][name] for name in ("currency_code", "value")},
            "final_capture": True,
            "seller_protection": {"status": "NOT_ELIGIBLE"},
            "create_time": self.stamp(),
            "update_time": self.stamp(),
            "links": [
                self.link("self", f"/v2/payments/captures/{mine}"),
                self.link("refund", f"/v2/payments/captures/{mine}/refund", "POST"),
                self.link("up", f"/v2/checkout/orders/{number}"),
            ],
        }
        capture |= {name: unit[name] for name in ("custom_id", "invoice_id") if name in unit}
        self.captures[mine] = capture
        return capture

    def _complete(self, capture: Wire) -> None:
        gross, currency = Decimal(capture["amount"]["value"]), capture["amount"]["currency_code"]
        fee = Decimal(money(gross * Decimal("0.0299") + Decimal("0.49"), currency)["value"])
        capture.pop("status_details", None)
        capture |= {
            "status": "COMPLETED",
            "update_time": self.stamp(),
            "seller_receivable_breakdown": {
                "gross_amount": money(gross, currency),
                "paypal_fee": money(fee, currency),
                "net_amount": money(gross - fee, currency),
            },
        }
        order = capture["links"][-1]["href"].rpartition("/")[2]
        self.book("T0006", capture["id"], gross, currency, fee=fee, to=order, kind="ODR", of=capture)
        self.send_event("PAYMENT.CAPTURE.COMPLETED", "capture", capture)

    def _refuse(self, capture: Wire, event: str = "PAYMENT.CAPTURE.DECLINED") -> None:
        capture |= {"status": "DECLINED", "update_time": self.stamp()}
        capture.pop("status_details", None)
        self.send_event(event, "capture", capture)

    def settle(self, number: str, good: bool = True) -> Wire:
        """A capture that waited for the payer's bank."""
        capture = self.captured(number)
        if capture["status"] != "PENDING":
            raise unprocessable("NOT_PENDING")
        if good:
            self._complete(capture)
        else:
            self._refuse(capture, "PAYMENT.CAPTURE.DENIED")
        return capture

    # -- refunds ---------------------------------------------------------------------------------------------------

    def refund(self, number: str, params: Wire) -> Wire:
        """Ours over the API, and the school's own in the dashboard."""
        capture = self.captured(number)
        given, currency = self._given(number), capture["amount"]["currency_code"]
        left = Decimal(capture["amount"]["value"]) - given
        if capture["status"] == "REFUNDED":
            raise unprocessable("CAPTURE_FULLY_REFUNDED")
        if capture["status"] not in ("COMPLETED", "PARTIALLY_REFUNDED"):
            raise unprocessable("REFUND_NOT_ALLOWED")
        if params.get("amount") and params["amount"]["currency_code"] != currency:
            raise unprocessable("REFUND_CAPTURE_CURRENCY_MISMATCH")
        amount = amount_of(params["amount"]) if params.get("amount") else left
        if amount > left:
            raise unprocessable("REFUND_AMOUNT_EXCEEDED")
        refund = self._refund(capture, amount, params)
        self._mark(capture)
        if self.pending_refunds:
            refund |= {"status": "PENDING", "status_details": {"reason": "ECHECK"}}
            self.send_event("PAYMENT.REFUND.PENDING", "refund", refund)
        else:
            self._finish(refund)
        return refund

    def _refund(self, capture: Wire, amount: Decimal, params: Wire) -> Wire:
        mine, currency = new_id(), capture["amount"]["currency_code"]
        refund = {
            "id": mine,
            "amount": money(amount, currency),
            "seller_payable_breakdown": {
                "gross_amount": money(amount, currency),
                "net_amount": money(amount, currency),
            },
            "create_time": self.stamp(),
            "update_time": self.stamp(),
            "links": [
                self.link("self", f"/v2/payments/refunds/{mine}"),
                self.link("up", f"/v2/payments/captures/{capture['id']}"),
            ],
        }
        custom = params.get("custom_id") or capture.get("custom_id")
        refund |= {"custom_id": custom} if custom else {}
        refund |= {name: params[name] for name in ("invoice_id", "note_to_payer") if name in params}
        self.refunds[mine] = refund
        order = self.orders[capture["links"][-1]["href"].rpartition("/")[2]]
        order["purchase_units"][0]["payments"].setdefault("refunds", []).append(refund)
        return refund

    def _finish(self, refund: Wire) -> None:
        refund.pop("status_details", None)
        refund |= {"status": "COMPLETED", "update_time": self.stamp()}
        amount, capture = refund["amount"], refund["links"][-1]["href"].rpartition("/")[2]
        self.book("T1107", refund["id"], -Decimal(amount["value"]), amount["currency_code"], to=capture, of=refund)
        self.send_event("PAYMENT.CAPTURE.REFUNDED", "refund", refund)

    def settle_refund(self, number: str, good: bool = True) -> Wire:
        refund = self.refunded(number)
        if refund["status"] != "PENDING":
            raise unprocessable("NOT_PENDING")
        if good:
            self._finish(refund)
        else:
            refund |= {"status": "FAILED", "update_time": self.stamp()}
            refund.pop("status_details", None)
            self._mark(self.captures[refund["links"][-1]["href"].rpartition("/")[2]])
            self.send_event("PAYMENT.REFUND.FAILED", "refund", refund)
        return refund

    def refunded(self, number: str) -> Wire:
        if number not in self.refunds:
            raise unknown()
        return self.refunds[number]

    def _given(self, capture: str) -> Decimal:
        """What went back or is on its way back."""
        mine = [each for each in self.refunds.values() if each["links"][-1]["href"].endswith(f"/{capture}")]
        return sum((Decimal(each["amount"]["value"]) for each in mine if each.get("status") != "FAILED"), Decimal(0))

    def _mark(self, capture: Wire) -> None:
        given, whole = self._given(capture["id"]), Decimal(capture["amount"]["value"])
        capture["status"] = "REFUNDED" if given == whole else "PARTIALLY_REFUNDED" if given else "COMPLETED"
