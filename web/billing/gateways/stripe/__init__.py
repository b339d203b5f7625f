"""The Stripe gateway: the payer pays on Stripe's Checkout page, and polling or a webhook returns the result."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from billing.gateways import Hosted
from billing.gateways.facts import Answer, Begun, Expired, Fact, Heard, Movement
from billing.gateways.stripe import parsing, refunds, sessions, statement, webhooks
from billing.gateways.stripe.amounts import takes
from billing.gateways.stripe.client import Declined, connect, speaking
from billing.models import Payment
from common.errors import NeedsPerson

API = "https://api.stripe.com"
CHECKOUT = "https://checkout.stripe.com"
FEE = "payment_intent.latest_charge.balance_transaction"


class Stripe(Hosted):
    label = "Card, Apple Pay or bank"

    def __init__(self, key: str, secrets: list[str], url: str = API) -> None:
        super().__init__()
        self.client, self.secrets = connect(key, url), secrets
        self.hosts = (CHECKOUT if url == API else url,)

    def method_of(self, payment: Payment) -> str:
        # Only a bank payment takes days to be confirmed.
        return "bank payment" if payment.promised_at else "card"

    def works_in(self, currency: str) -> bool:
        return takes(currency)

    def create_session(self, payment: Payment, key: str) -> Begun:
        end = sessions.until()
        params = sessions.wanted(payment, settings.SITE_URL, end)
        with speaking():
            session = self.client.v1.checkout.sessions.create(
                params, {"idempotency_key": f"{key}-{int(end.timestamp())}"}
            )
        return Begun(session.id, session.url or "", end)

    def poll_payment(self, payment: Payment) -> list[Fact]:
        if not payment.session:
            return []
        with speaking():
            session = self.client.v1.checkout.sessions.retrieve(payment.session, {"expand": [FEE]}).to_dict()
        if session["client_reference_id"] != payment.token:
            raise NeedsPerson("Stripe's session belongs to another payment.")
        facts = parsing.session(session)
        if session["payment_status"] != "paid":
            return facts
        # The charge reports only whether there are refunds and disputes, so each of them is fetched.
        charge, intent = session["payment_intent"]["latest_charge"], session["payment_intent"]["id"]
        with speaking():
            refund_list = list(self.client.v1.refunds.list({"payment_intent": intent, "limit": 100}).auto_paging_iter())
            disputes = list(self.client.v1.disputes.list({"payment_intent": intent})) if charge["disputed"] else []
        facts += [parsing.refund(refund.to_dict()) for refund in refund_list]
        return facts + [parsing.dispute(dispute.to_dict()) for dispute in disputes]

    def close(self, payment: Payment) -> list[Fact]:
        """Expire the session. If it was just paid or has expired already, return the facts of the session instead."""
        try:
            with speaking():
                self.client.v1.checkout.sessions.expire(payment.session)
        except Declined:
            return self.poll_payment(payment)
        return [Expired()]

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> Heard:
        signature = headers.get("Stripe-Signature", "")
        return webhooks.translate(webhooks.prove(self.client, self.secrets, body, signature))

    def refund(self, payment: Payment, amount: Decimal | None = None, *, key: str = "") -> Answer:
        return refunds.give_back(self.client, payment, payment.refundable_amount if amount is None else amount, key)

    def statement_lines(self, since: datetime, until: datetime) -> Iterator[Movement]:
        return statement.movements(self.client, since, until)
