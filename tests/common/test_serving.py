"""How private files leave: from a folder, through a web server, from a bucket."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from django.http import HttpResponseBase
from django.test import Client, RequestFactory, SimpleTestCase, override_settings, tag

from common.files import bucket, private
from common.files.serving import FileMissing, StoredFile, serve_private_file
from tests import samples
from tests.fakes.signed_server import signed_server
from tests.private_files import KEYS, InBucket, InFolder, answer, in_bucket, store

FILM = bytes(range(256)) * 4


class Asking(SimpleTestCase):
    def ask(self, kept: StoredFile, method: str = "get", *, download: bool = False, **headers: str) -> HttpResponseBase:
        response = serve_private_file(getattr(RequestFactory(), method)("/", headers=headers), kept, download=download)
        self.addCleanup(response.close)
        return response


@tag("once")
class FromAFolderTest(InFolder, Asking):
    def film(self, title: str = "Sugar push.mp4") -> StoredFile:
        return StoredFile(store("resources/a/turn.mp4", FILM), title)

    def test_whoever_may_have_it_gets_it_whole_and_nobody_keeps_a_copy(self) -> None:
        response = self.ask(self.film())
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

    def test_a_player_gets_the_part_that_it_asks_for(self) -> None:
        for header, first, last in (("bytes=0-9", 0, 9), ("bytes=1000-", 1000, 1023), ("bytes=-24", 1000, 1023)):
            with self.subTest(header):
                response = self.ask(self.film(), range=header)
                self.assertEqual((response.status_code, answer(response)), (206, FILM[first : last + 1]))
                self.assertEqual(response.headers["Content-Range"], f"bytes {first}-{last}/1024")
                self.assertEqual(response.headers["Content-Length"], str(last - first + 1))

    def test_a_part_that_is_not_there_is_refused_with_the_size(self) -> None:
        response = self.ask(self.film(), range="bytes=1024-")
        self.assertEqual((response.status_code, response.headers["Content-Range"]), (416, "bytes */1024"))

    def test_head_says_all_and_brings_nothing(self) -> None:
        response = self.ask(self.film(), "head", range="bytes=0-9")
        self.assertEqual((response.status_code, answer(response)), (200, b""))
        self.assertEqual((response.headers["Content-Length"], response.headers["Accept-Ranges"]), ("1024", "bytes"))

    def test_a_part_of_what_was_another_file_then_comes_whole(self) -> None:
        film = self.film()
        marks = self.ask(film).headers
        for mark, status in (
            (marks["ETag"], 206),
            (marks["Last-Modified"], 206),
            ('"another"', 200),
            ("Sat, 01 Jan 2000 00:00:00 GMT", 200),
            ("yesterday", 200),
        ):
            with self.subTest(mark):
                self.assertEqual(self.ask(film, range="bytes=0-9", if_range=mark).status_code, status)

    def test_what_could_run_a_script_is_only_ever_downloaded(self) -> None:
        for name, mime in (("a.html", "text/html"), ("a.svg", "image/svg+xml"), ("a.docx", "application/vnd.openxml")):
            with self.subTest(name):
                response = self.ask(StoredFile(store(f"resources/{name}", samples.SVG), name))
                self.assertTrue(response.headers["Content-Type"].startswith(mime))
                self.assertTrue(response.headers["Content-Disposition"].startswith("attachment"))
                self.assertIn("sandbox", response.headers["Content-Security-Policy"])

    def test_a_paper_may_stand_in_a_frame_of_ours_and_nobody_elses(self) -> None:
        headers = self.ask(StoredFile(store("resources/a.pdf", samples.pdf()), "a.pdf")).headers
        self.assertEqual(headers["X-Frame-Options"], "SAMEORIGIN")
        self.assertEqual(headers["Content-Security-Policy"], "frame-ancestors 'self'")

    def test_a_download_has_the_name_that_people_gave_it(self) -> None:
        response = self.ask(self.film('Böse "Zeilen"\r\nX-Evil: 1.mp4'.replace("\r\n", " ")), download=True)
        said = response.headers["Content-Disposition"]
        self.assertTrue(said.startswith("attachment; filename*=utf-8''B%C3%B6se"), said)

    def test_a_file_that_is_gone_is_told_apart(self) -> None:
        film = self.film()
        private.files.delete(film.name)
        with self.assertRaises(FileMissing):
            self.ask(film)

    def test_a_web_server_in_front_is_told_what_to_send(self) -> None:
        film = self.film()
        with override_settings(HAND_OVER_BY="x-accel-redirect"):
            response = self.ask(film)
        self.assertEqual(response.headers["X-Accel-Redirect"], "/private-files/resources/a/turn.mp4")
        self.assertEqual((response.headers["Content-Type"], answer(response)), ("video/mp4", b""))
        with override_settings(HAND_OVER_BY="x-sendfile"):
            self.assertEqual(self.ask(film).headers["X-Sendfile"], f"{self.folder}/resources/a/turn.mp4")


@tag("once")
class FromABucketTest(InBucket, Asking):
    def kept(self, name: str = "turn.mp4", seconds: int | None = None) -> StoredFile:
        return StoredFile(store(f"resources/{name}", FILM), f"Sugar {name}", seconds)

    def follow(self, response: HttpResponseBase, method: str = "GET", **headers: str) -> requests.Response:
        self.assertEqual(response.status_code, 302)
        self.assertEqual(response.headers["Cache-Control"], "private, no-store")
        return requests.request(method, response.headers["Location"], headers=headers, timeout=5)

    def test_the_link_brings_the_file_with_its_type_and_its_name(self) -> None:
        got = self.follow(self.ask(self.kept()))
        self.assertEqual((got.status_code, got.content), (200, FILM))
        self.assertEqual(got.headers["Content-Type"], "video/mp4")
        self.assertEqual(got.headers["Content-Disposition"], 'inline; filename="Sugar turn.mp4"')
        self.assertEqual(got.headers["Cache-Control"], "private, no-store")

    def test_parts_and_head_work_through_the_link(self) -> None:
        got = self.follow(self.ask(self.kept()), Range="bytes=10-19")
        self.assertEqual((got.status_code, got.content), (206, FILM[10:20]))
        head = self.follow(self.ask(self.kept(), "head"), "HEAD")
        self.assertEqual((head.status_code, head.content), (200, b""))

    def test_without_a_signature_the_bucket_gives_nothing(self) -> None:
        address = self.ask(self.kept()).headers["Location"].partition("?")[0]
        self.assertEqual(requests.get(address, timeout=5).status_code, 403)

    @override_settings(RESOURCE_LINK_SECONDS=45)
    def test_the_link_says_how_long_it_lives(self) -> None:
        for kept, seconds in (
            (self.kept("sheet.pdf"), 45),
            (self.kept("turn.mp4", 240), 840),
            (self.kept("song.mp3"), 7800),
        ):
            with self.subTest(kept.name):
                self.assertEqual(query(self.ask(kept))["X-Amz-Expires"], [str(seconds)])

    def test_what_could_run_a_script_is_signed_as_a_download(self) -> None:
        said = query(self.ask(self.kept("a.html")))["response-content-disposition"][0]
        self.assertTrue(said.startswith("attachment"), said)

    def test_a_file_that_is_gone_is_told_apart(self) -> None:
        with self.assertRaises(FileMissing):
            self.ask(StoredFile("resources/never.mp4", "Never"))

    def test_the_policy_names_where_the_links_lead(self) -> None:
        self.assertEqual(bucket.bucket_hosts(), [self.server])


def query(response: HttpResponseBase) -> dict[str, list[str]]:
    return parse_qs(urlsplit(response.headers["Location"]).query)


@tag("once")
class SignatureTest(Asking):
    """On a server that checks what it is given."""

    def setUp(self) -> None:
        running = signed_server(KEYS["secret_key"])
        self.server = running.__enter__()
        self.addCleanup(running.__exit__, None, None, None)
        change = in_bucket(self.server.address)
        change.enable()
        self.addCleanup(change.disable)
        self.server.files = {"/school-files/private/resources/sheet 1.pdf": samples.pdf()}

    def link(self, method: str = "get", **more: Any) -> str:
        return self.ask(StoredFile("resources/sheet 1.pdf", "Ünser Blatt.pdf"), method, **more).headers["Location"]

    def status(self, link: str, method: str = "GET") -> int:
        return requests.request(method, link, timeout=5).status_code

    def test_a_link_works_until_its_last_second(self) -> None:
        link = self.link()
        self.assertEqual(requests.get(link, timeout=5).content, samples.pdf())
        self.server.later = timedelta(seconds=55)
        self.assertEqual(self.status(link), 200)
        self.server.later = timedelta(seconds=62)
        self.assertEqual(self.status(link), 403)
        self.assertEqual(self.status(self.link("head"), "HEAD"), 403)
        self.server.later = timedelta(0)
        self.assertEqual(self.status(self.link("head"), "HEAD"), 200)

    def test_nothing_in_a_link_can_be_changed(self) -> None:
        link = self.link()
        for before, after in (
            ("X-Amz-Expires=60", "X-Amz-Expires=6000"),
            ("sheet%201.pdf", "sheet%202.pdf"),
            ("application%2Fpdf", "text%2Fhtml"),
            ("X-Amz-Signature=", "X-Amz-Signature=0"),
        ):
            with self.subTest(before):
                self.assertIn(before, link)
                self.assertEqual(self.status(link.replace(before, after)), 403)
        self.assertEqual(self.status(link.partition("?")[0]), 403)
        self.assertEqual(self.status(link, "HEAD"), 403)


@tag("once")
class PolicyTest(InFolder):
    def test_pages_allow_the_bucket_and_only_where_there_is_one(self) -> None:
        with in_bucket("http://127.0.0.1:9"):
            policy = Client().get("/").headers["Content-Security-Policy"]
        for name in ("img-src 'self' data:", "media-src 'self'", "frame-src 'self'", "connect-src 'self'"):
            self.assertIn(f"{name} http://127.0.0.1:9", policy)
        self.assertNotIn("127.0.0.1", Client().get("/").headers["Content-Security-Policy"])
