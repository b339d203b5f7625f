"""Tests in which the site pays through the fake PayPal."""

import requests
from django.core.cache import cache
from django.test import override_settings, tag
from payments.core import PROVIDER_CACHE

from billing import gateways
from billing.domain.payments import attempts
from billing.gateways.facts import WebhookMessage
from billing.gateways.paypal import PayPal
from billing.models import Payment
from tests.billing.base import BillingTestCase
from tests.fakes import paypal_server
from tests.fakes.paypal_server.webhooks import Notice


def post_notices(fake: paypal_server.PayPal, site: str, *, times: int = 1) -> None:
    """Post PayPal's webhooks to a running site, each one `times` times."""
    for notice in fake.notices():
        for _ in range(times):
            answer = requests.post(
                f"{site}/payments/process/paypal/", notice.body, headers=fake.signed(notice), timeout=10
            )
            answer.raise_for_status()


def paypal_variants(fake: paypal_server.PayPal) -> dict[str, object]:
    arguments = {
        "url": fake.url,
        "client_id": paypal_server.CLIENT_ID,
        "secret": paypal_server.SECRET,
        "webhook_id": paypal_server.WEBHOOK_ID,
        "payee": "school@example.org",
        "pauses": (0, 0),
    }
    return {"paypal": ("billing.gateways.paypal.PayPal", arguments)}


@tag("once")
class PayPalTestCase(BillingTestCase):
    """Every test ends with a check that PayPal would have accepted each request."""

    fake: paypal_server.PayPal

    def setUp(self) -> None:
        super().setUp()
        cache.clear()
        self.fake = self.enterContext(paypal_server.paypal_server())
        self.enterContext(override_settings(PAYMENT_VARIANTS=paypal_variants(self.fake)))
        self.addCleanup(PROVIDER_CACHE.clear)
        PROVIDER_CACHE.clear()
        self.addCleanup(lambda: self.assertEqual(self.fake.api.violations, []))

    @property
    def paypal(self) -> PayPal:
        gateway = gateways.gateway_named("paypal")
        assert isinstance(gateway, PayPal)
        return gateway

    def start_attempt(self) -> Payment:
        """Start a payment and send the payer to PayPal."""
        payment = attempts.start_attempt(self.place_new_order(1), "paypal", self.now)
        payment.keep_session(self.paypal.create_session(payment, payment.key))
        return payment

    def capture_payment(self, instrument: str = "balance") -> Payment:
        """Return a payment that PayPal captured and that the site has polled."""
        payment = self.start_attempt()
        self.fake.books.approve(payment.session, instrument)
        self.paypal.poll_payment(payment)
        payment.transaction_id = next(iter(self.fake.books.captures))
        return payment

    def parse_notice(self, notice: Notice) -> WebhookMessage:
        return self.paypal.parse_webhook(notice.body, self.fake.signed(notice))

    def parse_notices(self) -> list[WebhookMessage]:
        return [self.parse_notice(notice) for notice in self.fake.notices()]
