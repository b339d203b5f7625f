"""Whoever forges Amazon's notices costs us next to nothing, and cannot keep the real ones out."""

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
from tests.mailroom.amazon import CERTIFICATE, TOPIC, bounce, certificate, signed


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

    def test_a_hundred_forged_notices_make_a_few_requests_to_amazon(self) -> None:
        with mock.patch.object(requests, "get", side_effect=requests.ConnectionError) as fetched:
            answers = {self.forge(number) for number in range(100)}
        self.assertEqual(answers, {403})
        self.assertLessEqual(fetched.call_count, 6)

    def test_an_address_that_could_not_be_fetched_is_not_asked_again_at_once(self) -> None:
        with mock.patch.object(requests, "get", side_effect=requests.ConnectionError) as fetched:
            for _ in range(5):
                self.forge(1)
        self.assertEqual(fetched.call_count, 1)

    def test_the_real_certificate_is_fetched_all_the_same(self) -> None:
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

    def test_a_forger_cannot_keep_out_a_certificate_that_amazon_has_changed(self) -> None:
        with mock.patch.object(requests, "get", side_effect=requests.ConnectionError):
            for number in range(10):
                self.forge(number, REMOTE_ADDR="192.0.2.66")
        response = requests.Response()
        response.status_code, response._content = 200, certificate().encode()
        with mock.patch.object(requests, "get", return_value=response):
            self.assertEqual(self.send(signed({"Message": json.dumps(bounce())})), 204)

    def test_forgers_everywhere_make_so_many_requests_to_amazon_and_no_more(self) -> None:
        with mock.patch.object(requests, "get", side_effect=requests.ConnectionError) as fetched:
            for number in range(100):
                self.forge(number, REMOTE_ADDR=f"192.0.2.{number}")
        self.assertEqual(fetched.call_count, 60)

    def test_a_flood_of_other_entries_does_not_push_out_what_is_remembered(self) -> None:
        with mock.patch.object(requests, "get", side_effect=requests.ConnectionError) as fetched:
            self.forge(1)
            cache.clear()
            self.forge(1)
        self.assertEqual(fetched.call_count, 1)

    def test_one_network_address_sends_so_many_and_no_more(self) -> None:
        for _ in range(1200):
            count_attempt("ses notice at 127.0.0.1", Rate(1200, 3600))
        self.assertEqual(self.send({}), 429)
        self.assertEqual(self.send({}, REMOTE_ADDR="192.0.2.9"), 403)

    def test_a_length_that_is_no_number_is_no_error_of_ours(self) -> None:
        self.assertIn(self.send({}, CONTENT_LENGTH="²"), (400, 403))
