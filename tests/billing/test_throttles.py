"""Ordering is limited by network address, so that nobody can lock out another person."""

from typing import Any

from django.urls import reverse

from common.throttle import Rate, count_attempt
from tests.base import SchoolTestCase

LIMITS = {"register": ("register", 240), "checkout": ("place an order", 120)}


class OrderThrottleTest(SchoolTestCase):
    def reach_limit(self, name: str, at: str = "127.0.0.1") -> None:
        scope, most = LIMITS[name]
        for _ in range(most):
            count_attempt(f"{scope} at {at}", Rate(most, 3600))

    def post_form(self, name: str, **more: Any) -> int:
        return self.client.post(reverse(name), {"email": "pat@example.org", "others": 0}, **more).status_code

    def test_network_address_over_the_limit_gets_429_with_retry_after(self) -> None:
        for name in LIMITS:
            with self.subTest(name):
                self.assertNotEqual(self.post_form(name), 429)
                self.reach_limit(name)
                answer = self.client.post(reverse(name), {})
                self.assertEqual(answer.status_code, 429)
                self.assertIn("Retry-After", answer.headers)

    def test_other_network_addresses_are_not_limited_for_the_same_email_address(self) -> None:
        for name in LIMITS:
            with self.subTest(name):
                self.reach_limit(name)
                self.assertNotEqual(self.post_form(name, REMOTE_ADDR="192.0.2.77"), 429)

    def test_viewing_the_page_is_not_limited(self) -> None:
        self.reach_limit("register")
        self.assertEqual(self.client.get(reverse("register")).status_code, 200)
