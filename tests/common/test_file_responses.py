"""How private files are served: from a folder, through a web server, or from a bucket."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from django.http import HttpResponseBase
from django.test import Client, RequestFactory, SimpleTestCase, override_settings, tag

from common.files import bucket, private
from common.files.file_responses import FileMissing, StoredFile, serve_private_file
from tests import samples
from tests.fakes.signed_server import signed_server
from tests.private_files import KEYS, InBucket, InFolder, answer, in_bucket, store

FILM = bytes(range(256)) * 4


class ServingTestCase(SimpleTestCase):
    def request_file(
        self, file: StoredFile, method: str = "get", *, download: bool = False, **headers: str
    ) -> HttpResponseBase:
        response = serve_private_file(getattr(RequestFactory(), method)("/", headers=headers), file, download=download)
        self.addCleanup(response.close)
        return response


@tag("once")
class FolderServingTest(InFolder, ServingTestCase):
    def film(self, title: str = "Sugar push.mp4") -> StoredFile:
        return StoredFile(store("resources/a/turn.mp4", FILM), title)

    def test_whole_file_is_sent_with_headers_that_forbid_storing_it(self) -> None:
        response = self.request_file(self.film())
        self.assertEqual((response.status_code, answer(response)), (200, FILM))
        for name, value in {
            "Content-Type": "video/mp4",
            "Content-Length": "1024",
            "Content-Disposition": 'inline; filename="Sugar push.mp4"',
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
            "Accept-Ranges": "bytes",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }.items():
            self.assertEqual(response.headers[name], value)

    def test_range_request_gets_the_requested_part(self) -> None:
        for header, first, last in (("bytes=0-9", 0, 9), ("bytes=1000-", 1000, 1023), ("bytes=-24", 1000, 1023)):
            with self.subTest(header):
                response = self.request_file(self.film(), range=header)
                self.assertEqual((response.status_code, answer(response)), (206, FILM[first : last + 1]))
                self.assertEqual(response.headers["Content-Range"], f"bytes {first}-{last}/1024")
                self.assertEqual(response.headers["Content-Length"], str(last - first + 1))

    def test_range_beyond_the_end_is_refused_with_the_file_size(self) -> None:
        response = self.request_file(self.film(), range="bytes=1024-")
        self.assertEqual((response.status_code, response.headers["Content-Range"]), (416, "bytes */1024"))

    def test_head_request_gets_the_headers_of_the_whole_file_without_content(self) -> None:
        response = self.request_file(self.film(), "head", range="bytes=0-9")
        self.assertEqual((response.status_code, answer(response)), (200, b""))
        self.assertEqual((response.headers["Content-Length"], response.headers["Accept-Ranges"]), ("1024", "bytes"))

    def test_if_range_gets_a_part_only_if_the_file_has_not_changed(self) -> None:
        film = self.film()
        validators = self.request_file(film).headers
        for validator, status in (
            (validators["ETag"], 206),
            (validators["Last-Modified"], 206),
            ('"another"', 200),
            ("Sat, 01 Jan 2000 00:00:00 GMT", 200),
            ("yesterday", 200),
        ):
            with self.subTest(validator):
                self.assertEqual(self.request_file(film, range="bytes=0-9", if_range=validator).status_code, status)

    def test_file_that_could_run_a_script_is_always_a_download(self) -> None:
        for name, mime in (("a.html", "text/html"), ("a.svg", "image/svg+xml"), ("a.docx", "application/vnd.openxml")):
            with self.subTest(name):
                response = self.request_file(StoredFile(store(f"resources/{name}", samples.SVG), name))
                self.assertTrue(response.headers["Content-Type"].startswith(mime))
                self.assertTrue(response.headers["Content-Disposition"].startswith("attachment"))
                self.assertIn("sandbox", response.headers["Content-Security-Policy"])

    def test_pdf_may_be_framed_by_this_site_only(self) -> None:
        headers = self.request_file(StoredFile(store("resources/a.pdf", samples.pdf()), "a.pdf")).headers
        self.assertEqual(headers["X-Frame-Options"], "SAMEORIGIN")
        self.assertEqual(headers["Content-Security-Policy"], "frame-ancestors 'self'")

    def test_file_name_of_a_download_is_the_title_safely_encoded(self) -> None:
        response = self.request_file(self.film('Böse "Zeilen"\r\nX-Evil: 1.mp4'.replace("\r\n", " ")), download=True)
        disposition = response.headers["Content-Disposition"]
        self.assertTrue(disposition.startswith("attachment; filename*=utf-8''B%C3%B6se"), disposition)

    def test_missing_file_raises_file_missing(self) -> None:
        film = self.film()
        private.files.delete(film.name)
        with self.assertRaises(FileMissing):
            self.request_file(film)

    def test_web_server_is_told_in_a_header_which_file_to_send(self) -> None:
        film = self.film()
        with override_settings(FILE_SERVING="x-accel-redirect"):
            response = self.request_file(film)
        self.assertEqual(response.headers["X-Accel-Redirect"], "/private-files/resources/a/turn.mp4")
        self.assertEqual((response.headers["Content-Type"], answer(response)), ("video/mp4", b""))
        with override_settings(FILE_SERVING="x-sendfile"):
            self.assertEqual(self.request_file(film).headers["X-Sendfile"], f"{self.folder}/resources/a/turn.mp4")


@tag("once")
class BucketServingTest(InBucket, ServingTestCase):
    def stored_film(self, name: str = "turn.mp4", seconds: int | None = None) -> StoredFile:
        return StoredFile(store(f"resources/{name}", FILM), f"Sugar {name}", seconds)

    def follow(self, response: HttpResponseBase, method: str = "GET", **headers: str) -> requests.Response:
        self.assertEqual(response.status_code, 302)
        self.assertEqual(response.headers["Cache-Control"], "private, no-store")
        return requests.request(method, response.headers["Location"], headers=headers, timeout=5)

    def test_signed_link_returns_the_file_with_its_type_and_name(self) -> None:
        response = self.follow(self.request_file(self.stored_film()))
        self.assertEqual((response.status_code, response.content), (200, FILM))
        self.assertEqual(response.headers["Content-Type"], "video/mp4")
        self.assertEqual(response.headers["Content-Disposition"], 'inline; filename="Sugar turn.mp4"')
        self.assertEqual(response.headers["Cache-Control"], "private, no-store")

    def test_range_and_head_requests_work_through_the_signed_link(self) -> None:
        response = self.follow(self.request_file(self.stored_film()), Range="bytes=10-19")
        self.assertEqual((response.status_code, response.content), (206, FILM[10:20]))
        head = self.follow(self.request_file(self.stored_film(), "head"), "HEAD")
        self.assertEqual((head.status_code, head.content), (200, b""))

    def test_bucket_refuses_a_link_without_signature(self) -> None:
        address = self.request_file(self.stored_film()).headers["Location"].partition("?")[0]
        self.assertEqual(requests.get(address, timeout=5).status_code, 403)

    @override_settings(RESOURCE_LINK_SECONDS=45)
    def test_link_lifetime_covers_the_length_of_a_recording(self) -> None:
        for file, seconds in (
            (self.stored_film("sheet.pdf"), 45),
            (self.stored_film("turn.mp4", 240), 840),
            (self.stored_film("song.mp3"), 7800),
        ):
            with self.subTest(file.name):
                self.assertEqual(link_parameters(self.request_file(file))["X-Amz-Expires"], [str(seconds)])

    def test_signed_link_to_a_file_that_could_run_a_script_is_a_download(self) -> None:
        disposition = link_parameters(self.request_file(self.stored_film("a.html")))["response-content-disposition"][0]
        self.assertTrue(disposition.startswith("attachment"), disposition)

    def test_missing_file_raises_file_missing(self) -> None:
        with self.assertRaises(FileMissing):
            self.request_file(StoredFile("resources/never.mp4", "Never"))

    def test_bucket_hosts_are_the_hosts_of_signed_links(self) -> None:
        self.assertEqual(bucket.bucket_hosts(), [self.server])


def link_parameters(response: HttpResponseBase) -> dict[str, list[str]]:
    return parse_qs(urlsplit(response.headers["Location"]).query)


@tag("once")
class SignatureTest(ServingTestCase):
    """The links are requested from a fake bucket that checks their signatures."""

    def setUp(self) -> None:
        fake_bucket = signed_server(KEYS["secret_key"])
        self.server = fake_bucket.__enter__()
        self.addCleanup(fake_bucket.__exit__, None, None, None)
        settings_override = in_bucket(self.server.address)
        settings_override.enable()
        self.addCleanup(settings_override.disable)
        self.server.files = {"/school-files/private/resources/sheet 1.pdf": samples.pdf()}

    def signed_link(self, method: str = "get", **kwargs: Any) -> str:
        file = StoredFile("resources/sheet 1.pdf", "Ünser Blatt.pdf")
        return self.request_file(file, method, **kwargs).headers["Location"]

    def link_status(self, link: str, method: str = "GET") -> int:
        return requests.request(method, link, timeout=5).status_code

    def test_signed_link_works_until_it_expires(self) -> None:
        link = self.signed_link()
        self.assertEqual(requests.get(link, timeout=5).content, samples.pdf())
        self.server.later = timedelta(seconds=55)
        self.assertEqual(self.link_status(link), 200)
        self.server.later = timedelta(seconds=62)
        self.assertEqual(self.link_status(link), 403)
        self.assertEqual(self.link_status(self.signed_link("head"), "HEAD"), 403)
        self.server.later = timedelta(0)
        self.assertEqual(self.link_status(self.signed_link("head"), "HEAD"), 200)

    def test_signed_link_is_refused_if_any_part_of_it_is_changed(self) -> None:
        link = self.signed_link()
        for before, after in (
            ("X-Amz-Expires=60", "X-Amz-Expires=6000"),
            ("sheet%201.pdf", "sheet%202.pdf"),
            ("application%2Fpdf", "text%2Fhtml"),
            ("X-Amz-Signature=", "X-Amz-Signature=0"),
        ):
            with self.subTest(before):
                self.assertIn(before, link)
                self.assertEqual(self.link_status(link.replace(before, after)), 403)
        self.assertEqual(self.link_status(link.partition("?")[0]), 403)
        self.assertEqual(self.link_status(link, "HEAD"), 403)


@tag("once")
class ContentSecurityPolicyTest(InFolder):
    def test_pages_allow_the_host_of_the_bucket_only_if_a_bucket_is_used(self) -> None:
        with in_bucket("http://127.0.0.1:9"):
            policy = Client().get("/").headers["Content-Security-Policy"]
        for name in ("img-src 'self' data:", "media-src 'self'", "frame-src 'self'", "connect-src 'self'"):
            self.assertIn(f"{name} http://127.0.0.1:9", policy)
        self.assertNotIn("127.0.0.1", Client().get("/").headers["Content-Security-Policy"])
