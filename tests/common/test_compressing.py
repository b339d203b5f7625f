"""What is sent with gzip, and what is not (docs/decisions/compressed-pages.md)."""

import gzip
from io import BytesIO

from django.http import FileResponse, HttpResponse
from django.test import RequestFactory, SimpleTestCase
from django.urls import reverse

from common.middleware import CompressText, never_compress
from tests.base import SchoolTestCase

LONG = "Balboa. " * 100
ZIPPED = {"headers": {"accept-encoding": "gzip"}}


class MiddlewareTest(SimpleTestCase):
    def encoding(self, response: HttpResponse | FileResponse) -> str | None:
        sent = CompressText(lambda request: response)(RequestFactory().get("/", **ZIPPED))
        return sent.headers.get("Content-Encoding")

    def test_texts_of_every_kind_are_compressed(self) -> None:
        for kind in ("text/html; charset=utf-8", "text/css", "text/calendar", "image/svg+xml", "application/json"):
            with self.subTest(kind):
                self.assertEqual(self.encoding(HttpResponse(LONG, content_type=kind)), "gzip")

    def test_films_and_whatever_comes_in_parts_stay_as_they_are(self) -> None:
        self.assertIsNone(self.encoding(HttpResponse(LONG, content_type="video/mp4")))
        self.assertIsNone(self.encoding(HttpResponse(LONG, content_type="application/pdf")))
        streamed = FileResponse(BytesIO(LONG.encode()), content_type="text/plain")
        self.addCleanup(streamed.close)
        self.assertIsNone(self.encoding(streamed))

    def test_a_view_may_say_never(self) -> None:
        self.assertIsNone(self.encoding(never_compress(lambda: HttpResponse(LONG))()))


class PagesTest(SchoolTestCase):
    def test_one_page_never_has_the_same_length_twice_by_law(self) -> None:
        """So that nobody can find out a secret by how long pages become (BREACH)."""
        lengths = {len(self.client.get("/contact/", **ZIPPED).content) for _ in range(12)}
        self.assertGreater(len(lengths), 3)

    def test_the_page_that_shows_the_key_of_a_second_factor_is_not_compressed(self) -> None:
        self.log_in(self.ada)
        other = self.client.get(reverse("profile_page"), **ZIPPED)
        self.assertEqual(gzip.decompress(other.content)[:9].lower(), b"<!doctype")
        page = self.client.get("/user/second-factor/set-up/", **ZIPPED)
        self.assertEqual((page.status_code, page.headers.get("Content-Encoding")), (200, None))
