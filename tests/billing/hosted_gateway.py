"""Tests with a gateway that has its own payment pages; tests/fakes/gateway.py is that gateway."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.test import override_settings
from django.urls import reverse
from payments.core import PROVIDER_CACHE

from billing.domain.payments import attempts, gateway_polling, webhooks
from billing.domain.pricing import balances
from billing.gateways.facts import WebhookMessage
from billing.models import Order, Payment
from mailroom.models import Message
from outbox.testing import run_all
from tests.billing.base import BillingTestCase
from tests.billing.toys import toy_states
from tests.fakes.gateway import SECRET, VARIANTS, FakeGateway

with_double = override_settings(PAYMENT_VARIANTS=settings.PAYMENT_VARIANTS | VARIANTS)


@with_double
class HostedGatewayTestCase(BillingTestCase):
    def setUp(self) -> None:
        super().setUp()
        PROVIDER_CACHE.clear()
        self.addCleanup(PROVIDER_CACHE.clear)
        FakeGateway.reset()

    def start_attempt(self, order: Order | None = None, variant: str = "double") -> Payment:
        """Start a payment and send the payer to the gateway."""
        payment = attempts.start_attempt(order or self.place_new_order(1), variant, self.now)
        attempts.open_gateway(payment)
        payment.refresh_from_db()
        return payment

    def create_paid_payment(self) -> Payment:
        payment = self.start_attempt()
        self.process_webhook(FakeGateway.report_capture(payment))
        payment.refresh_from_db()
        payment.order.refresh_from_db()
        return payment

    def process_webhook(self, message: WebhookMessage, variant: str = "double") -> str:
        return webhooks.process_webhook(variant, message)

    def post_webhook(self, message: WebhookMessage, variant: str = "double", **headers: str) -> HttpResponse:
        """Post a request to the webhook address."""
        return self.client.post(
            reverse("static_process_payment", args=[variant]),
            json.dumps({"id": message.event_id}),
            content_type="application/json",
            headers={"X-Signature": SECRET} | headers,
        )

    def return_to_site(self, payment: Payment) -> HttpResponse:
        return self.client.get(payment.get_process_url())

    def outcome_of(self, order: Order) -> dict[str, Any]:
        """Return everything that must not depend on when and how often the messages arrived."""
        run_all()
        order = Order.objects.get(pk=order.pk)
        return {
            "order": (
                order.state,
                order.amount_charged,
                balances.amount_received(order),
                balances.overpaid_amount(order),
            ),
            "places": toy_states(order),
            "payments": list(
                order.payments.values_list("status", "captured_amount", "refunded_amount", "transaction_id")
            ),
            "refunds": sorted(
                (refund.origin, refund.state, refund.amount, refund.transaction_id.partition("-")[0])
                for payment in order.payments.all()
                for refund in payment.refunds.all()
            ),
            "disputes": list(order.payments.values_list("disputes__state", "disputes__amount")),
            "receipts": Message.objects.filter(template="billing.receipt", data__order_id=order.pk).count(),
            "cases": sorted(order.payment_issues.filter(closed_at=None).values_list("kind", flat=True)),
        }


__all__ = ["FakeGateway", "HostedGatewayTestCase", "gateway_polling", "with_double"]
