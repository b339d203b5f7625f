"""Rate limits hold while other entries flood the cache, and the site works while the cache is unavailable."""

import copy
import os
from typing import Any
from unittest import mock

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.core.cache import cache
from django.test import TestCase, override_settings
from django.urls import reverse

from common import env
from common.throttle import Rate, count_attempt
from tests.base import SchoolTestCase

ONCE = Rate(1, 86400)


def small_caches() -> dict[str, Any]:
    """The site's caches, with room for twenty entries each."""
    caches = copy.deepcopy(settings.CACHES)
    for backend in caches.values():
        backend["OPTIONS"] = backend.get("OPTIONS", {}) | {"MAX_ENTRIES": 20}
    return caches


def unavailable_cache() -> dict[str, Any]:
    """A Redis that does not answer, as CACHE_URL would name it."""
    with mock.patch.dict(os.environ, CACHE_URL="redis://127.0.0.1:1"):
        return env.read_caches()


class CacheFloodTest(TestCase):
    """Ten people are at their limit, because a full cache chooses the entries to drop by their hashed keys."""

    def setUp(self) -> None:
        self.enterContext(override_settings(CACHES=small_caches()))
        for number in range(10):
            count_attempt(f"mine {number}", ONCE)

    def count_limited_people(self) -> int:
        return sum(count_attempt(f"mine {number}", ONCE) > 0 for number in range(10))

    def test_rate_limits_hold_during_a_flood_of_other_counters(self) -> None:
        for number in range(100):
            count_attempt(f"another {number}", ONCE)
        self.assertEqual(self.count_limited_people(), 10)

    def test_rate_limits_hold_during_a_flood_of_other_cache_entries(self) -> None:
        for number in range(100):
            cache.set(f"page {number}", "x", 86400)
        self.assertEqual(self.count_limited_people(), 10)

    def test_failed_logins_are_counted_in_the_cache_of_rate_limits(self) -> None:
        self.assertEqual(settings.AXES_CACHE, "throttles")


class CacheUnavailableTest(SchoolTestCase):
    def setUp(self) -> None:
        """django-axes keeps using the first cache that it opened, so its handler must be created again."""
        AxesProxyHandler.implementation = None
        self.addCleanup(setattr, AxesProxyHandler, "implementation", None)
        self.enterContext(override_settings(CACHES=unavailable_cache()))

    def test_contact_form_works_and_is_rate_limited(self) -> None:
        form_data = {"name": "Sam", "email": "away@example.org", "text": "Hello?"}
        statuses = [self.client.post(reverse("contact"), form_data).status_code for _ in range(6)]
        self.assertEqual(statuses, [302] * 5 + [429])

    def test_people_can_log_in(self) -> None:
        credentials = {"username": self.alice.email, "password": "correct horse battery"}
        self.assertEqual(self.client.post(reverse("login"), credentials).status_code, 302)

    def test_webhook_of_an_unknown_gateway_is_answered_with_404(self) -> None:
        path = reverse("static_process_payment", args=["nobody"])
        self.assertEqual(self.client.post(path, "{}", content_type="application/json").status_code, 404)

    def test_pages_open(self) -> None:
        self.log_in(self.ada)
        for name in ("home", "classoffer_list", "desk", "profile_page"):
            self.assertEqual(self.client.get(reverse(name)).status_code, 200, name)
