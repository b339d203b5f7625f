"""The PayPal gateway, by its Orders API: the payer approves on PayPal's pages, then we capture the money."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from billing.gateways import HostedGateway
from billing.gateways.facts import (
    AttemptExpired,
    Fact,
    GatewayLine,
    GatewaySession,
    PaymentDeclined,
    RefundAnswer,
    WebhookMessage,
)
from billing.gateways.paypal import amounts, disputes, orders, statement, webhooks
from billing.gateways.paypal.client import RETRY_PAUSES, PayPalClient, PayPalRefused
from billing.models import Payment, Refund
from common.errors import NeedsPerson

ORDERS, CAPTURES = "/v2/checkout/orders", "/v2/payments/captures"
APPROVAL_WINDOW = timedelta(hours=3)

# The codes with which PayPal refuses a capture that the payer approved, by what the payer has to do.
PAYER_MUST_APPROVE = ("ORDER_NOT_APPROVED", "PAYER_ACTION_REQUIRED")
PAYER_PAYS_OTHERWISE = (
    "INSTRUMENT_DECLINED",
    "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
    "PAYER_ACCOUNT_RESTRICTED",
    "PAYER_CANNOT_PAY",
    "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING",
    "TRANSACTION_REFUSED",
)
DECLINED = "PayPal could not take the money from the card or account that was chosen. Please choose another one."
ALREADY_BACK = ("CAPTURE_FULLY_REFUNDED", "REFUND_AMOUNT_EXCEEDED")


class PayPal(HostedGateway):
    label = "PayPal"

    def __init__(
        self,
        url: str,
        client_id: str,
        secret: str,
        webhook_id: str,
        payee: str = "",
        *,
        pauses: tuple[float, ...] = RETRY_PAUSES,
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self.client = PayPalClient(url.rstrip("/"), client_id, secret, pauses)
        self.verifier = webhooks.WebhookVerifier(self.client, webhook_id)
        self.payee = payee
        self.hosts = approval_hosts(url)

    def works_in(self, currency: str) -> bool:
        return amounts.supports_currency(currency)

    def create_session(self, payment: Payment, key: str) -> GatewaySession:
        request = orders.OrderRequest(payment, settings.SITE_URL, settings.BUSINESS_NAME, self.payee)
        order = self.client.post(ORDERS, request.body(), key)
        return GatewaySession(str(order["id"]), orders.approval_url(order), timezone.now() + APPROVAL_WINDOW)

    def poll_payment(self, payment: Payment) -> list[Fact]:
        if not payment.session:
            return []
        try:
            order = self.client.get(f"{ORDERS}/{payment.session}")
        except PayPalRefused as refusal:
            if refusal.status != 404:
                raise
            return self._poll_capture(payment)
        if orders.reference_of_order(order).token != payment.token:
            raise NeedsPerson("PayPal's order belongs to another payment.")
        if order.get("status") == "APPROVED" and payment.begin_capture():
            return self._capture_order(payment)
        return [*orders.facts_of_order(order), *self._disputes(payment)]

    def close(self, payment: Payment) -> list[Fact]:
        """Return the facts. An order that was approved but not captured is not captured after the attempt has ended."""
        try:
            order = self.client.get(f"{ORDERS}/{payment.session}")
        except PayPalRefused as refusal:
            if refusal.status != 404:
                raise
            return self._poll_capture(payment)
        return list(orders.facts_of_order(order)) or [AttemptExpired()]

    def _poll_capture(self, payment: Payment) -> list[Fact]:
        # PayPal deletes orders that nobody approved, and later the others too, but it keeps the captures.
        if not payment.transaction_id:
            return [AttemptExpired()]
        capture = self.client.get(f"{CAPTURES}/{payment.transaction_id}")
        return [orders.fact_of_capture(capture), *self._disputes(payment)]

    def _capture_order(self, payment: Payment) -> list[Fact]:
        """Capture the order once, even if a webhook and the payer's browser request it at the same time."""
        path = f"{ORDERS}/{payment.session}"
        try:
            return list(orders.facts_of_order(self.client.post(f"{path}/capture", {}, f"{payment.token}-capture")))
        except PayPalRefused as refusal:
            order = self.client.get(path)
            if order.get("status") == "COMPLETED":  # Another process captured it first.
                return list(orders.facts_of_order(order))
            if refusal.issue in PAYER_MUST_APPROVE:
                return []
            if refusal.issue in PAYER_PAYS_OTHERWISE:
                return [PaymentDeclined(DECLINED)]
            if refusal.issue.startswith("PAYEE_"):
                raise NeedsPerson(
                    f"PayPal does not allow the school's account to receive money: {refusal.issue}."
                ) from None
            raise

    def _disputes(self, payment: Payment) -> Iterator[Fact]:
        if payment.transaction_id:
            yield from disputes.disputes_of_capture(self.client, payment.transaction_id)

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookMessage:
        return webhooks.parse_paypal_event(self.verifier.check(headers, body))

    def refund(self, payment: Payment, amount: Decimal | None = None, *, key: str = "") -> RefundAnswer:
        body: dict[str, Any] = {"custom_id": f"{orders.OURS}{key}"}
        if amount is not None:
            body["amount"] = amounts.to_paypal_amount(amount, payment.currency)
        try:
            refund = self.client.post(f"{CAPTURES}/{payment.transaction_id}/refund", body, f"{orders.OURS}{key}")
        except PayPalRefused as refusal:
            return RefundAnswer(Refund.State.FAILED, message=str(refusal), already=refusal.issue in ALREADY_BACK)
        fact = orders.fact_of_refund(refund)
        return RefundAnswer(fact.state, fact.reference, fact.message)

    def statement_lines(self, since: datetime, until: datetime) -> Iterator[GatewayLine]:
        return statement.list_paypal_lines(self.client, since, until)


def approval_hosts(url: str) -> tuple[str, ...]:
    """Return the origins where payers approve. PayPal's pages and its API have different hosts; a fake's do not."""
    if not is_paypal_host(url):
        parts = urlsplit(url)
        return (f"{parts.scheme}://{parts.netloc}",)
    return ("https://www.sandbox.paypal.com",) if ".sandbox." in url else ("https://www.paypal.com",)


def is_paypal_host(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and (parts.hostname or "").endswith(".paypal.com")
