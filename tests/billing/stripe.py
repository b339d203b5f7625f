"""What the tests of Stripe stand on: the imitation of it, and the site's own way to pay switched to that."""

from typing import Any
from unittest.mock import patch

import stripe
from django.conf import settings
from django.test import override_settings
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


def variants(url: str) -> dict[str, Any]:
    more = {"key": stripe_server.KEY, "secrets": SECRETS, "url": url}
    return settings.PAYMENT_VARIANTS | {"stripe": ("billing.gateways.stripe.Stripe", more)}


class StripeTestCase(BillingTestCase):
    """Every test ends with the same question: would Stripe have understood all that was said?"""

    def setUp(self) -> None:
        super().setUp()
        self.fake = self.enterContext(stripe_server.stripe_server())
        self.addCleanup(lambda: self.assertEqual(self.fake.api.violations, []))
        self.books = self.fake.books
        self.enterContext(override_settings(PAYMENT_VARIANTS=variants(self.fake.url)))
        self.enterContext(patch.dict(core.PROVIDER_CACHE, clear=True))
        self.enterContext(patch.object(stripe.HTTPClient, "INITIAL_DELAY", 0))
        found = gateways.gateway_named("stripe")
        assert isinstance(found, Stripe)
        self.gateway = found

    def attempt(self, order: Order | None = None) -> Payment:
        """Begun, and the payer sent to Stripe's page."""
        payment = attempts.start_attempt(order or self.placed(1), "stripe", self.clock())
        try:
            self.gateway.get_form(payment)
        except RedirectNeeded:
            payment.refresh_from_db()
        return payment

    def paid(self, card: str = GOOD) -> Payment:
        """Paid at Stripe; we know what it is called there, nothing more."""
        payment = self.attempt()
        self.books.pay(payment.session, card)
        self.know(payment)
        return payment

    def know(self, payment: Payment) -> None:
        payment.transaction_id = self.intent(payment)
        payment.save()

    def intent(self, payment: Payment) -> str:
        return str(self.books.session(payment.session)["payment_intent"])

    def hear(self, notice: Notice) -> WebhookMessage:
        return self.gateway.parse_webhook(notice.body.encode(), notice.headers())

    def heard(self, *kinds: str) -> list[WebhookMessage]:
        return [self.hear(notice) for notice in self.fake.notices(*kinds)]


def of_session(payment: Payment) -> PaymentReference:
    return PaymentReference(token=payment.token, session=payment.session)
