"""Tests in which the site pays through the fake Stripe."""

from typing import Any
from unittest.mock import patch

import stripe
from django.conf import settings
from django.test import TestCase, override_settings
from payments import RedirectNeeded, core

from billing import gateways
from billing.domain.payments import attempts
from billing.gateways.facts import PaymentReference, WebhookMessage
from billing.gateways.stripe import Stripe
from billing.models import Order, Payment
from tests.billing.base import BillingTestCase
from tests.fakes import stripe_server
from tests.fakes.stripe_server.webhooks import Notice

GOOD, DECLINED = "4242424242424242", "4000000000000002"
SECRETS = [stripe_server.WEBHOOK_SECRET]


def stripe_variants(url: str) -> dict[str, Any]:
    more = {"key": stripe_server.KEY, "secrets": SECRETS, "url": url}
    return settings.PAYMENT_VARIANTS | {"stripe": ("billing.gateways.stripe.Stripe", more)}


class StripeGatewayMixin(TestCase):
    """Every test ends with a check that Stripe would have accepted each request."""

    def setUp(self) -> None:
        super().setUp()
        self.fake = self.enterContext(stripe_server.stripe_server())
        self.addCleanup(lambda: self.assertEqual(self.fake.api.violations, []))
        self.books = self.fake.books
        self.enterContext(override_settings(PAYMENT_VARIANTS=stripe_variants(self.fake.url)))
        self.enterContext(patch.dict(core.PROVIDER_CACHE, clear=True))
        self.enterContext(patch.object(stripe.HTTPClient, "INITIAL_DELAY", 0))
        found = gateways.gateway_named("stripe")
        assert isinstance(found, Stripe)
        self.gateway = found

    def send_payer_to_stripe(self, payment: Payment) -> None:
        try:
            self.gateway.get_form(payment)
        except RedirectNeeded:
            payment.refresh_from_db()


class StripeTestCase(StripeGatewayMixin, BillingTestCase):
    def start_attempt(self, order: Order | None = None) -> Payment:
        """Start a payment and send the payer to Stripe's page."""
        payment = attempts.start_attempt(order or self.place_new_order(1), "stripe", self.current_time())
        self.send_payer_to_stripe(payment)
        return payment

    def pay_at_stripe(self, card: str = GOOD) -> Payment:
        """Pay on Stripe's page. The site knows the payment's id at Stripe, but not that it succeeded."""
        payment = self.start_attempt()
        self.books.pay(payment.session, card)
        self.store_intent(payment)
        return payment

    def store_intent(self, payment: Payment) -> None:
        payment.transaction_id = self.intent_of(payment)
        payment.save()

    def intent_of(self, payment: Payment) -> str:
        return str(self.books.session(payment.session)["payment_intent"])

    def parse_notice(self, notice: Notice) -> WebhookMessage:
        return self.gateway.parse_webhook(notice.body.encode(), notice.headers())

    def parse_notices(self, *kinds: str) -> list[WebhookMessage]:
        return [self.parse_notice(notice) for notice in self.fake.notices(*kinds)]


def session_reference(payment: Payment) -> PaymentReference:
    return PaymentReference(token=payment.token, session=payment.session)
