"""A gateway that does not answer costs a visitor so many seconds and no more, and a page of ours says what is so."""

from typing import Any

from django.test import override_settings

from billing.models import Order
from tests.billing.paypal import PayPalTestCase
from tests.billing.stripe import StripeTestCase

SLOW = {"times": 9, "seconds": 2.5}


class PatienceTest:
    """For both gateways: each of their answers takes longer than the whole request may."""

    client: Any
    way: str

    def assert_told(self, order: Order) -> None:
        page = self.client.post(order.pay_address, {"way": self.way}, follow=True)
        self.assertEqual(page.status_code, 200)  # type: ignore[attr-defined]
        self.assertContains(page, "You haven’t been charged")  # type: ignore[attr-defined]
        self.assertContains(page, "reserved until")  # type: ignore[attr-defined]
        order.refresh_from_db()
        self.assertEqual(order.state, Order.State.PLACED)  # type: ignore[attr-defined]


class StripePatienceTest(PatienceTest, StripeTestCase):
    way = "stripe"

    @override_settings(GATEWAY_SECONDS=1)
    def test_a_hanging_stripe_is_given_up_with_a_page_of_ours(self) -> None:
        self.fake.faults.order("POST /v1/checkout/sessions", "slow", **SLOW)
        self.assert_told(self.placed(1))

    @override_settings(GATEWAY_SECONDS=1)
    def test_a_hanging_stripe_is_given_up_on_the_way_back_too(self) -> None:
        payment = self.attempt()
        self.fake.faults.order("GET /v1/checkout/sessions/*", "slow", **SLOW)
        page = self.client.get(payment.get_process_url(), follow=True)
        self.assertContains(page, "Not paid yet")

    @override_settings(GATEWAY_SECONDS=1)
    def test_a_hanging_stripe_leaves_a_payment_in_progress_that_the_payer_canceled_there(self) -> None:
        payment = self.attempt()
        self.fake.faults.order("POST /v1/checkout/sessions/*/expire", "slow", **SLOW)
        page = self.client.get(payment.canceled_address, follow=True)
        self.assertContains(page, "Finish it, or cancel it to pay another way.")

    @override_settings(GATEWAY_SECONDS=1)
    def test_work_in_the_background_may_take_longer(self) -> None:
        self.fake.faults.order("POST /v1/checkout/sessions", "slow", times=1, seconds=1.5)
        self.assertTrue(self.attempt().session)


class PayPalPatienceTest(PatienceTest, PayPalTestCase):
    way = "paypal"

    @override_settings(GATEWAY_SECONDS=1)
    def test_a_hanging_paypal_is_given_up_with_a_page_of_ours(self) -> None:
        self.fake.faults.order("POST /v2/checkout/orders", "slow", **SLOW)
        self.assert_told(self.placed(1))

    @override_settings(GATEWAY_SECONDS=2)
    def test_all_that_is_asked_in_one_request_counts_together(self) -> None:
        """The token in time and the order in time are together too late."""
        self.fake.faults.order("POST /v1/oauth2/token", "slow", times=9, seconds=1.4)
        self.fake.faults.order("POST /v2/checkout/orders", "slow", times=9, seconds=1.4)
        self.assert_told(self.placed(1))
