"""Which responses are compressed with gzip (docs/decisions/compressed-pages.md)."""

import gzip
from io import BytesIO

from django.http import FileResponse, HttpResponse
from django.test import RequestFactory, SimpleTestCase
from django.urls import reverse

from common.middleware import CompressText, never_compress
from tests.base import SchoolTestCase

LONG = "Balboa. " * 100
ZIPPED = {"headers": {"accept-encoding": "gzip"}}


class CompressTextTest(SimpleTestCase):
    def content_encoding(self, response: HttpResponse | FileResponse) -> str | None:
        compressed = CompressText(lambda request: response)(RequestFactory().get("/", **ZIPPED))
        return compressed.headers.get("Content-Encoding")

    def test_text_responses_are_compressed(self) -> None:
        for kind in ("text/html; charset=utf-8", "text/css", "text/calendar", "image/svg+xml", "application/json"):
            with self.subTest(kind):
                self.assertEqual(self.content_encoding(HttpResponse(LONG, content_type=kind)), "gzip")

    def test_videos_pdfs_and_streamed_files_are_not_compressed(self) -> None:
        self.assertIsNone(self.content_encoding(HttpResponse(LONG, content_type="video/mp4")))
        self.assertIsNone(self.content_encoding(HttpResponse(LONG, content_type="application/pdf")))
        file_response = FileResponse(BytesIO(LONG.encode()), content_type="text/plain")
        self.addCleanup(file_response.close)
        self.assertIsNone(self.content_encoding(file_response))

    def test_never_compress_turns_compression_off_for_a_view(self) -> None:
        self.assertIsNone(self.content_encoding(never_compress(lambda: HttpResponse(LONG))()))


class CompressedPagesTest(SchoolTestCase):
    def test_compressed_length_of_the_same_page_varies(self) -> None:
        """Random lengths keep an attacker from guessing a secret by the size of the page (BREACH)."""
        lengths = {len(self.client.get("/contact/", **ZIPPED).content) for _ in range(12)}
        self.assertGreater(len(lengths), 3)

    def test_page_with_the_key_of_a_second_factor_is_not_compressed(self) -> None:
        self.log_in(self.ada)
        profile_page = self.client.get(reverse("profile_page"), **ZIPPED)
        self.assertEqual(gzip.decompress(profile_page.content)[:9].lower(), b"<!doctype")
        page = self.client.get("/user/second-factor/set-up/", **ZIPPED)
        self.assertEqual((page.status_code, page.headers.get("Content-Encoding")), (200, None))
