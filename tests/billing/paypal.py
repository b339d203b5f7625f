"""The site's PayPal against its imitation, for tests."""

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


def notify(fake: paypal_server.PayPal, site: str, *, times: int = 1) -> None:
    """Carry what PayPal has to tell to a site that is served, each notice so many times."""
    for notice in fake.notices():
        for _ in range(times):
            answer = requests.post(
                f"{site}/payments/process/paypal/", notice.body, headers=fake.signed(notice), timeout=10
            )
            answer.raise_for_status()


def variant(fake: paypal_server.PayPal) -> dict[str, object]:
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
    """Every test ends with the same question: would PayPal have understood all that was said?"""

    fake: paypal_server.PayPal

    def setUp(self) -> None:
        super().setUp()
        cache.clear()
        self.fake = self.enterContext(paypal_server.paypal_server())
        self.enterContext(override_settings(PAYMENT_VARIANTS=variant(self.fake)))
        self.addCleanup(PROVIDER_CACHE.clear)
        PROVIDER_CACHE.clear()
        self.addCleanup(lambda: self.assertEqual(self.fake.api.violations, []))

    @property
    def paypal(self) -> PayPal:
        gateway = gateways.gateway_named("paypal")
        assert isinstance(gateway, PayPal)
        return gateway

    def begun(self) -> Payment:
        """A payment whose payer has been sent to PayPal."""
        payment = attempts.start_attempt(self.placed(1), "paypal", self.now)
        payment.keep_session(self.paypal.create_session(payment, payment.key))
        return payment

    def captured(self, instrument: str = "balance") -> Payment:
        """A payment that PayPal has taken, and that we know it has."""
        payment = self.begun()
        self.fake.books.approve(payment.session, instrument)
        self.paypal.poll_payment(payment)
        payment.transaction_id = next(iter(self.fake.books.captures))
        return payment

    def hear(self, notice: Notice) -> WebhookMessage:
        return self.paypal.parse_webhook(notice.body, self.fake.signed(notice))

    def heard(self) -> list[WebhookMessage]:
        return [self.hear(notice) for notice in self.fake.notices()]
