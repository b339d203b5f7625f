"""The client against a PayPal that fails, is slow, and forgets its tokens."""

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
class ClientTest(TestCase):
    fake: PayPal

    def setUp(self) -> None:
        cache.clear()
        self.fake = self.enterContext(paypal_server())
        self.client_ = PayPalClient(self.fake.url, CLIENT_ID, SECRET, pauses=(0, 0))

    def tearDown(self) -> None:
        self.assertEqual(self.fake.api.violations, [])

    def orders(self) -> int:
        return len(self.fake.books.orders)

    def test_one_token_serves_many_requests_and_lies_in_the_cache(self) -> None:
        for key in ("a", "b"):
            self.client_.post(ORDERS, ORDER, key)
        self.assertEqual([each.where for each in self.fake.requests].count("POST /v1/oauth2/token"), 1)

    def test_a_token_that_was_taken_back_is_fetched_anew_once(self) -> None:
        self.client_.post(ORDERS, ORDER, "a")
        self.fake.api.tokens.clear()
        self.client_.post(ORDERS, ORDER, "b")
        self.assertEqual(self.orders(), 2)
        self.assertEqual([each.where for each in self.fake.requests].count("POST /v1/oauth2/token"), 2)

    def test_a_token_is_not_used_until_its_last_second(self) -> None:
        self.fake.api.token_seconds = 30
        for key in ("a", "b"):
            self.client_.post(ORDERS, ORDER, key)
            self.fake.forward(timedelta(seconds=31))
        self.assertNotIn(401, [each.status for each in self.fake.requests])

    def test_wrong_credentials_need_a_person_and_are_not_tried_twice(self) -> None:
        with self.assertRaises(NeedsPerson) as raised:
            PayPalClient(self.fake.url, CLIENT_ID, "wrong", pauses=(0, 0)).get(f"{ORDERS}/X")
        self.assertNotIn("wrong", str(raised.exception))
        self.assertEqual(len(self.fake.requests), 1)

    def test_the_secret_is_not_in_what_a_log_would_show(self) -> None:
        self.assertNotIn(SECRET, repr(self.client_))

    def test_an_error_before_anything_happened_is_tried_again_under_the_same_key(self) -> None:
        self.fake.faults.order("POST /v2/checkout/orders", "before", times=2)
        self.client_.post(ORDERS, ORDER, "mine")
        self.assertEqual(self.fake.keys("POST /v2/checkout/orders"), ["mine"] * 3)
        self.assertEqual(self.orders(), 1)

    def test_an_error_after_it_happened_does_not_make_it_happen_twice(self) -> None:
        for kind in ("after", "drop"):
            with self.subTest(kind):
                before = self.orders()
                self.fake.faults.order("POST /v2/checkout/orders", kind, times=2)
                answer = self.client_.post(ORDERS, ORDER, kind)
                self.assertEqual(self.orders(), before + 1)
                self.assertIn(answer["id"], self.fake.books.orders)

    def test_a_paypal_that_stays_down_is_temporary(self) -> None:
        self.fake.faults.order("*", "before", times=99)
        with self.assertRaises(TemporaryFailure):
            self.client_.get(f"{ORDERS}/X")
        self.assertEqual(len(self.fake.requests), 3)

    def test_a_slow_paypal_is_given_up_in_time_and_not_asked_again(self) -> None:
        self.client_.post(ORDERS, ORDER, "for the token")
        self.fake.faults.order("GET *", "slow", seconds=0.2)
        with self.assertRaises(TemporaryFailure):
            replace(self.client_, timeout=(1, 0.05), patience=0.01).get(f"{ORDERS}/X")

    def test_who_asks_too_often_hears_when_to_come_back(self) -> None:
        self.fake.faults.order("GET *", "before", status=429)
        with self.assertRaises(TemporaryFailure):
            self.client_.get(f"{ORDERS}/X")

    def test_a_server_that_is_not_there_is_temporary(self) -> None:
        with self.assertRaises(TemporaryFailure):
            PayPalClient("http://127.0.0.1:9", CLIENT_ID, SECRET, pauses=(0,)).get("/")

    def test_a_no_says_why_and_under_which_reference(self) -> None:
        with self.assertRaises(PayPalRefused) as raised:
            self.client_.get(f"{ORDERS}/UNKNOWN")
        self.assertEqual((raised.exception.status, raised.exception.issue), (404, "INVALID_RESOURCE_ID"))
        self.assertIn(raised.exception.debug_id, str(raised.exception))

    def test_a_key_used_for_something_else_is_refused(self) -> None:
        self.client_.post(ORDERS, ORDER, "a")
        other = ORDER | {"purchase_units": [{"amount": {"currency_code": "USD", "value": "11.00"}}]}
        with self.assertRaises(PayPalRefused) as raised:
            self.client_.post(ORDERS, other, "a")
        self.assertEqual(raised.exception.issue, "INVALID_PARAMETER_VALUE")

    def test_after_six_hours_the_same_key_makes_another_order(self) -> None:
        first = self.client_.post(ORDERS, ORDER, "a")["id"]
        self.assertEqual(self.client_.post(ORDERS, ORDER, "a")["id"], first)
        self.fake.forward(timedelta(hours=7))
        self.assertNotEqual(self.client_.post(ORDERS, ORDER, "a")["id"], first)
