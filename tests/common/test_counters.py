"""Counts of throttles outlive a flood of other counts, and a cache that is away."""

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


def small() -> dict[str, Any]:
    """The site's caches, with room for twenty entries each."""
    caches = copy.deepcopy(settings.CACHES)
    for each in caches.values():
        each["OPTIONS"] = each.get("OPTIONS", {}) | {"MAX_ENTRIES": 20}
    return caches


def away() -> dict[str, Any]:
    """A Redis that does not answer, as CACHE_URL would name it."""
    with mock.patch.dict(os.environ, CACHE_URL="redis://127.0.0.1:1"):
        return env.read_caches()


class FloodTest(TestCase):
    """Ten people at their limit; which entries a full cache drops depends on their hashed names."""

    def setUp(self) -> None:
        self.enterContext(override_settings(CACHES=small()))
        for number in range(10):
            count_attempt(f"mine {number}", ONCE)

    def limited(self) -> int:
        return sum(count_attempt(f"mine {number}", ONCE) > 0 for number in range(10))

    def test_a_flood_of_other_counts_lifts_no_limit(self) -> None:
        for number in range(100):
            count_attempt(f"another {number}", ONCE)
        self.assertEqual(self.limited(), 10)

    def test_nor_does_a_flood_of_anything_else_that_is_cached(self) -> None:
        for number in range(100):
            cache.set(f"page {number}", "x", 86400)
        self.assertEqual(self.limited(), 10)

    def test_failed_log_ins_are_counted_there_too(self) -> None:
        self.assertEqual(settings.AXES_CACHE, "throttles")


class CacheAwayTest(SchoolTestCase):
    def setUp(self) -> None:
        """django-axes keeps hold of the cache that it saw first."""
        AxesProxyHandler.implementation = None
        self.addCleanup(setattr, AxesProxyHandler, "implementation", None)
        self.enterContext(override_settings(CACHES=away()))

    def test_forms_work_and_are_limited_all_the_same(self) -> None:
        said = {"name": "Sam", "email": "away@example.org", "text": "Hello?"}
        answers = [self.client.post(reverse("contact"), said).status_code for _ in range(6)]
        self.assertEqual(answers, [302] * 5 + [429])

    def test_people_log_in(self) -> None:
        said = {"username": self.alice.email, "password": "correct horse battery"}
        self.assertEqual(self.client.post(reverse("login"), said).status_code, 302)

    def test_gateways_are_heard(self) -> None:
        path = reverse("static_process_payment", args=["nobody"])
        self.assertEqual(self.client.post(path, "{}", content_type="application/json").status_code, 404)

    def test_pages_open(self) -> None:
        self.log_in(self.ada)
        for name in ("home", "classoffer_list", "desk", "profile_page"):
            self.assertEqual(self.client.get(reverse(name)).status_code, 200, name)
