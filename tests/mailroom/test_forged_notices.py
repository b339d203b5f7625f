"""Forged Amazon notices cause only a few requests to Amazon and do not block the genuine ones."""

import hashlib
import json
from typing import Any
from unittest import mock

import requests
from django.core.cache import cache, caches
from django.test import override_settings
from django.urls import reverse

from common.throttle import Rate, count_attempt
from tests.base import SchoolTestCase
from tests.mailroom.amazon_notices import CERTIFICATE, TOPIC, bounce, certificate, signed


@override_settings(AWS_SNS_TOPICS=[TOPIC])
class ForgedNoticeTest(SchoolTestCase):
    def setUp(self) -> None:
        cache.clear()
        caches["throttles"].clear()

    def send(self, message: dict[str, Any], **more: Any) -> int:
        path = reverse("ses_notices")
        return self.client.post(path, json.dumps(message), content_type="text/plain", **more).status_code

    def forge(self, number: int, **more: Any) -> int:
        address = CERTIFICATE.replace("0123456789abcdef", f"{number:016x}")
        return self.send(signed({"Message": "{}"}) | {"SigningCertURL": address}, **more)

    def test_hundred_forged_notices_cause_at_most_six_requests_to_amazon(self) -> None:
        with mock.patch.object(requests, "get", side_effect=requests.ConnectionError) as fetch:
            answers = {self.forge(number) for number in range(100)}
        self.assertEqual(answers, {403})
        self.assertLessEqual(fetch.call_count, 6)

    def test_certificate_url_that_failed_is_not_fetched_again_immediately(self) -> None:
        with mock.patch.object(requests, "get", side_effect=requests.ConnectionError) as fetch:
            for _ in range(5):
                self.forge(1)
        self.assertEqual(fetch.call_count, 1)

    def test_genuine_certificate_is_fetched_again_despite_many_forged_notices(self) -> None:
        response = requests.Response()
        response.status_code, response._content = 200, certificate().encode()
        with mock.patch.object(requests, "get", return_value=response):
            self.assertEqual(self.send(signed({"Message": json.dumps(bounce())})), 204)
        cache.delete(f"sns-{hashlib.sha256(CERTIFICATE.encode()).hexdigest()}")
        with mock.patch.object(requests, "get", side_effect=requests.ConnectionError):
            for number in range(50):
                self.forge(number)
        with mock.patch.object(requests, "get", return_value=response):
            self.assertEqual(self.send(signed({"Message": json.dumps(bounce())})), 204)

    def test_new_amazon_certificate_is_fetched_despite_earlier_forged_notices(self) -> None:
        with mock.patch.object(requests, "get", side_effect=requests.ConnectionError):
            for number in range(10):
                self.forge(number, REMOTE_ADDR="192.0.2.66")
        response = requests.Response()
        response.status_code, response._content = 200, certificate().encode()
        with mock.patch.object(requests, "get", return_value=response):
            self.assertEqual(self.send(signed({"Message": json.dumps(bounce())})), 204)

    def test_forged_notices_from_many_addresses_cause_sixty_requests_to_amazon(self) -> None:
        with mock.patch.object(requests, "get", side_effect=requests.ConnectionError) as fetch:
            for number in range(100):
                self.forge(number, REMOTE_ADDR=f"192.0.2.{number}")
        self.assertEqual(fetch.call_count, 60)

    def test_failed_certificate_url_is_remembered_after_the_cache_was_cleared(self) -> None:
        with mock.patch.object(requests, "get", side_effect=requests.ConnectionError) as fetch:
            self.forge(1)
            cache.clear()
            self.forge(1)
        self.assertEqual(fetch.call_count, 1)

    def test_notices_from_one_network_address_are_limited_per_hour(self) -> None:
        for _ in range(1200):
            count_attempt("ses notice at 127.0.0.1", Rate(1200, 3600))
        self.assertEqual(self.send({}), 429)
        self.assertEqual(self.send({}, REMOTE_ADDR="192.0.2.9"), 403)

    def test_invalid_content_length_is_answered_with_a_client_error(self) -> None:
        self.assertIn(self.send({}, CONTENT_LENGTH="²"), (400, 403))
