"""The PayPal client against a server that fails, is slow or loses its tokens."""

from dataclasses import replace
from datetime import timedelta

from django.core.cache import cache
from django.test import TestCase, tag

from billing.gateways.paypal.client import PayPalClient, PayPalRefused
from common.errors import NeedsPerson, TemporaryFailure
from tests.fakes.paypal_server import CLIENT_ID, SECRET, PayPal, paypal_server

ORDER = {
    "intent": "CAPTURE",
    "purchase_units": [{"amount": {"currency_code": "USD", "value": "10.00"}}],
    "payment_source": {"paypal": {"experience_context": {"return_url": "https://a/", "cancel_url": "https://a/"}}},
}
ORDERS = "/v2/checkout/orders"


@tag("once")
class PayPalClientTest(TestCase):
    fake: PayPal

    def setUp(self) -> None:
        cache.clear()
        self.fake = self.enterContext(paypal_server())
        self.client_ = PayPalClient(self.fake.url, CLIENT_ID, SECRET, pauses=(0, 0))

    def tearDown(self) -> None:
        self.assertEqual(self.fake.api.violations, [])

    def orders(self) -> int:
        return len(self.fake.books.orders)

    def test_cached_token_serves_many_requests(self) -> None:
        for key in ("a", "b"):
            self.client_.post(ORDERS, ORDER, key)
        self.assertEqual([each.where for each in self.fake.requests].count("POST /v1/oauth2/token"), 1)

    def test_revoked_token_is_replaced_once(self) -> None:
        self.client_.post(ORDERS, ORDER, "a")
        self.fake.api.tokens.clear()
        self.client_.post(ORDERS, ORDER, "b")
        self.assertEqual(self.orders(), 2)
        self.assertEqual([each.where for each in self.fake.requests].count("POST /v1/oauth2/token"), 2)

    def test_token_is_renewed_before_it_expires(self) -> None:
        self.fake.api.token_seconds = 30
        for key in ("a", "b"):
            self.client_.post(ORDERS, ORDER, key)
            self.fake.forward(timedelta(seconds=31))
        self.assertNotIn(401, [each.status for each in self.fake.requests])

    def test_wrong_credentials_need_staff_and_are_not_retried(self) -> None:
        with self.assertRaises(NeedsPerson) as raised:
            PayPalClient(self.fake.url, CLIENT_ID, "wrong", pauses=(0, 0)).get(f"{ORDERS}/X")
        self.assertNotIn("wrong", str(raised.exception))
        self.assertEqual(len(self.fake.requests), 1)

    def test_secret_is_not_in_repr(self) -> None:
        self.assertNotIn(SECRET, repr(self.client_))

    def test_request_that_failed_before_taking_effect_is_retried_with_same_key(self) -> None:
        self.fake.faults.order("POST /v2/checkout/orders", "before", times=2)
        self.client_.post(ORDERS, ORDER, "mine")
        self.assertEqual(self.fake.keys("POST /v2/checkout/orders"), ["mine"] * 3)
        self.assertEqual(self.orders(), 1)

    def test_request_that_failed_after_taking_effect_takes_effect_once(self) -> None:
        for kind in ("after", "drop"):
            with self.subTest(kind):
                before = self.orders()
                self.fake.faults.order("POST /v2/checkout/orders", kind, times=2)
                answer = self.client_.post(ORDERS, ORDER, kind)
                self.assertEqual(self.orders(), before + 1)
                self.assertIn(answer["id"], self.fake.books.orders)

    def test_paypal_outage_is_temporary_failure(self) -> None:
        self.fake.faults.order("*", "before", times=99)
        with self.assertRaises(TemporaryFailure):
            self.client_.get(f"{ORDERS}/X")
        self.assertEqual(len(self.fake.requests), 3)

    def test_slow_response_times_out_and_is_not_retried(self) -> None:
        self.client_.post(ORDERS, ORDER, "for the token")
        self.fake.faults.order("GET *", "slow", seconds=0.2)
        with self.assertRaises(TemporaryFailure):
            replace(self.client_, timeout=(1, 0.05), patience=0.01).get(f"{ORDERS}/X")

    def test_rate_limit_is_temporary_failure(self) -> None:
        self.fake.faults.order("GET *", "before", status=429)
        with self.assertRaises(TemporaryFailure):
            self.client_.get(f"{ORDERS}/X")

    def test_unreachable_server_is_temporary_failure(self) -> None:
        with self.assertRaises(TemporaryFailure):
            PayPalClient("http://127.0.0.1:9", CLIENT_ID, SECRET, pauses=(0,)).get("/")

    def test_refusal_names_issue_and_debug_id(self) -> None:
        with self.assertRaises(PayPalRefused) as raised:
            self.client_.get(f"{ORDERS}/UNKNOWN")
        self.assertEqual((raised.exception.status, raised.exception.issue), (404, "INVALID_RESOURCE_ID"))
        self.assertIn(raised.exception.debug_id, str(raised.exception))

    def test_key_reused_for_another_body_is_refused(self) -> None:
        self.client_.post(ORDERS, ORDER, "a")
        other = ORDER | {"purchase_units": [{"amount": {"currency_code": "USD", "value": "11.00"}}]}
        with self.assertRaises(PayPalRefused) as raised:
            self.client_.post(ORDERS, other, "a")
        self.assertEqual(raised.exception.issue, "INVALID_PARAMETER_VALUE")

    def test_same_key_creates_another_order_after_six_hours(self) -> None:
        first = self.client_.post(ORDERS, ORDER, "a")["id"]
        self.assertEqual(self.client_.post(ORDERS, ORDER, "a")["id"], first)
        self.fake.forward(timedelta(hours=7))
        self.assertNotEqual(self.client_.post(ORDERS, ORDER, "a")["id"], first)
