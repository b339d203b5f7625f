"""The Stripe gateway: the payer pays on Stripe's Checkout page, and polling or a webhook returns the result."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from billing.gateways import HostedGateway
from billing.gateways.facts import AttemptExpired, Fact, GatewayLine, GatewaySession, RefundAnswer, WebhookMessage
from billing.gateways.stripe import refunds, sessions, statement, stripe_objects, webhooks
from billing.gateways.stripe.amounts import supports_currency
from billing.gateways.stripe.client import StripeDeclined, create_stripe_client, translate_stripe_errors
from billing.models import Payment
from common.errors import NeedsPerson

API = "https://api.stripe.com"
CHECKOUT = "https://checkout.stripe.com"
FEE = "payment_intent.latest_charge.balance_transaction"


class Stripe(HostedGateway):
    label = "Card, Apple Pay or bank"

    def __init__(self, key: str, secrets: list[str], url: str = API) -> None:
        super().__init__()
        self.client, self.secrets = create_stripe_client(key, url), secrets
        self.hosts = (CHECKOUT if url == API else url,)

    def method_of(self, payment: Payment) -> str:
        # Only a bank payment takes days to be confirmed.
        return "bank payment" if payment.submitted_at else "card"

    def works_in(self, currency: str) -> bool:
        return supports_currency(currency)

    def create_session(self, payment: Payment, key: str) -> GatewaySession:
        end = sessions.session_expiry()
        params = sessions.session_params(payment, settings.SITE_URL, end)
        with translate_stripe_errors():
            session = self.client.v1.checkout.sessions.create(
                params, {"idempotency_key": f"{key}-{int(end.timestamp())}"}
            )
        return GatewaySession(session.id, session.url or "", end)

    def poll_payment(self, payment: Payment) -> list[Fact]:
        if not payment.session:
            return []
        with translate_stripe_errors():
            session = self.client.v1.checkout.sessions.retrieve(payment.session, {"expand": [FEE]}).to_dict()
        if session["client_reference_id"] != payment.token:
            raise NeedsPerson("Stripe's session belongs to another payment.")
        facts = stripe_objects.facts_of_session(session)
        if session["payment_status"] != "paid":
            return facts
        # The charge reports only whether there are refunds and disputes, so each of them is fetched.
        charge, intent = session["payment_intent"]["latest_charge"], session["payment_intent"]["id"]
        with translate_stripe_errors():
            refund_list = list(self.client.v1.refunds.list({"payment_intent": intent, "limit": 100}).auto_paging_iter())
            disputes = list(self.client.v1.disputes.list({"payment_intent": intent})) if charge["disputed"] else []
        facts += [stripe_objects.fact_of_stripe_refund(refund.to_dict()) for refund in refund_list]
        return facts + [stripe_objects.fact_of_dispute(dispute.to_dict()) for dispute in disputes]

    def close(self, payment: Payment) -> list[Fact]:
        """Expire the session. If it was just paid or has expired already, return the facts of the session instead."""
        try:
            with translate_stripe_errors():
                self.client.v1.checkout.sessions.expire(payment.session)
        except StripeDeclined:
            return self.poll_payment(payment)
        return [AttemptExpired()]

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookMessage:
        signature = headers.get("Stripe-Signature", "")
        return webhooks.parse_stripe_event(webhooks.verify_event(self.client, self.secrets, body, signature))

    def refund(self, payment: Payment, amount: Decimal | None = None, *, key: str = "") -> RefundAnswer:
        return refunds.create_refund(self.client, payment, payment.refundable_amount if amount is None else amount, key)

    def statement_lines(self, since: datetime, until: datetime) -> Iterator[GatewayLine]:
        return statement.list_stripe_lines(self.client, since, until)
