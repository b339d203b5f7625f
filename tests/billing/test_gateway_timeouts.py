"""A gateway that does not answer delays a page by a limited number of seconds, and the page then shows the status."""

from typing import Any

from django.test import override_settings

from billing.models import Order
from tests.billing.paypal import PayPalTestCase
from tests.billing.stripe import StripeTestCase

SLOW = {"times": 9, "seconds": 2.5}


class SlowGatewayMixin:
    """Checks for both gateways: each of their responses takes longer than the whole request may take."""

    client: Any
    method: str

    def assert_payment_page_times_out(self, order: Order) -> None:
        page = self.client.post(order.pay_address, {"method": self.method}, follow=True)
        self.assertEqual(page.status_code, 200)  # type: ignore[attr-defined]
        self.assertContains(page, "You haven’t been charged")  # type: ignore[attr-defined]
        self.assertContains(page, "reserved until")  # type: ignore[attr-defined]
        order.refresh_from_db()
        self.assertEqual(order.state, Order.State.PLACED)  # type: ignore[attr-defined]


class SlowStripeTest(SlowGatewayMixin, StripeTestCase):
    method = "stripe"

    @override_settings(GATEWAY_SECONDS=1)
    def test_slow_stripe_times_out_and_the_page_says_that_nothing_was_charged(self) -> None:
        self.fake.faults.order("POST /v1/checkout/sessions", "slow", **SLOW)
        self.assert_payment_page_times_out(self.place_new_order(1))

    @override_settings(GATEWAY_SECONDS=1)
    def test_slow_stripe_times_out_when_the_payer_returns(self) -> None:
        payment = self.start_attempt()
        self.fake.faults.order("GET /v1/checkout/sessions/*", "slow", **SLOW)
        page = self.client.get(payment.get_process_url(), follow=True)
        self.assertContains(page, "Not paid yet")

    @override_settings(GATEWAY_SECONDS=1)
    def test_slow_stripe_leaves_a_payment_in_progress_when_the_payer_cancels_it_there(self) -> None:
        payment = self.start_attempt()
        self.fake.faults.order("POST /v1/checkout/sessions/*/expire", "slow", **SLOW)
        page = self.client.get(payment.canceled_address, follow=True)
        self.assertContains(page, "Finish it, or cancel it to pay another way.")

    @override_settings(GATEWAY_SECONDS=1)
    def test_background_job_may_wait_longer_for_stripe(self) -> None:
        self.fake.faults.order("POST /v1/checkout/sessions", "slow", times=1, seconds=1.5)
        self.assertTrue(self.start_attempt().session)


class SlowPayPalTest(SlowGatewayMixin, PayPalTestCase):
    method = "paypal"

    @override_settings(GATEWAY_SECONDS=1)
    def test_slow_paypal_times_out_and_the_page_says_that_nothing_was_charged(self) -> None:
        self.fake.faults.order("POST /v2/checkout/orders", "slow", **SLOW)
        self.assert_payment_page_times_out(self.place_new_order(1))

    @override_settings(GATEWAY_SECONDS=2)
    def test_time_limit_covers_all_gateway_calls_of_one_request(self) -> None:
        """The token call and the order call are each within the limit, but together they exceed it."""
        self.fake.faults.order("POST /v1/oauth2/token", "slow", times=9, seconds=1.4)
        self.fake.faults.order("POST /v2/checkout/orders", "slow", times=9, seconds=1.4)
        self.assert_payment_page_times_out(self.place_new_order(1))
