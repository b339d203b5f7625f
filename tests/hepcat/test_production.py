"""The site as on a production machine: DEBUG off, behind gunicorn, static files collected and compressed."""

import gzip
import http.client
import re
import socket
import subprocess
import sys
from html import unescape
from urllib.parse import urljoin, urlsplit

from django.test import tag

from tests.hepcat.production import LOG_IN, TOP, ProductionCase

CLASSES = f"""
import sys
sys.path.insert(0, {str(TOP)!r})
from classwork.models import ClassOffer
from tests import factories
session = factories.create_session("Now", factories.upcoming_thursday(1))
for number in range(30):
    subject = factories.create_subject("L2", version="ABC"[number % 3], name=f"Class {{number}}")
    factories.create_class_offer(session, subject, class_day=number % 7)
print(ClassOffer.objects.count())
"""
REFERENCES = re.compile(r"""<(?:link|script|img|source|use)\b[^>]*?\b(?:href|src)=["']([^"'#][^"']*)["']""")
INSIDE_CSS = re.compile(r"""url\(["']?(?!data:|#)([^"')]+)["']?\)""")
NO_FILE = re.compile(r"^(?:data:|mailto:|https?:)|\.ics$")
HASHED = re.compile(r"\.[0-9a-f]{8,}\.\w+$")

START_LIKE_SYSTEMD = """
import os, sys
os.dup2(int(os.environ["DOOR"]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[1], sys.argv[1:])
"""


class Visitor:
    """A minimal browser whose requests arrive through an HTTPS proxy."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def get_text(self, path: str, proto: str = "https") -> tuple[int, str, str]:
        status, headers, body = self.fetch(path, proto=proto)
        return status, body.decode(errors="replace"), headers.get("Location", "")

    def fetch(self, path: str, *, proto: str = "https", accept: str = "") -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        request_headers = {"X-Forwarded-Proto": proto, "Cookie": cookies, "Accept-Encoding": accept}
        connection.request("GET", path, headers=request_headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, response.headers, body

    def first_visit(self, path: str) -> dict[str, tuple[http.client.HTTPMessage, bytes]]:
        """The page and every file that it references, as a browser with gzip receives them."""
        responses: dict[str, tuple[http.client.HTTPMessage, bytes]] = {}
        pending = [path]
        while pending:
            name = pending.pop()
            status, headers, body = self.fetch(name, accept="gzip, deflate, br")
            assert status == 200, f"{name}: {status}"
            responses[name] = (headers, body)
            if headers.get_content_type() in {"text/html", "text/css"}:
                text = (gzip.decompress(body) if headers["Content-Encoding"] == "gzip" else body).decode()
                references = {
                    unescape(reference) for reference in [*REFERENCES.findall(text), *INSIDE_CSS.findall(text)]
                }
                own_urls = {
                    urlsplit(urljoin(name, reference)) for reference in references if not NO_FILE.search(reference)
                }
                pending += {reference.path for reference in own_urls} - {*responses, *pending}
        return responses


@tag("once")
class ProductionTest(ProductionCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        for step in (["migrate"], ["collectstatic", "--no-input"], ["compress"]):
            cls.manage(*step)
        cls.start_gunicorn()

    def assertPageAndFilesLoad(self, visitor: Visitor, path: str) -> None:
        """The page loads, and so does every file that it references, under a name that changes with the content."""
        status, page, _ = visitor.get_text(path)
        self.assertEqual(status, 200, path)
        static = {urljoin(path, reference) for reference in REFERENCES.findall(page) if "/static/" in reference}
        self.assertTrue(static, f"{path} refers to no static file")
        while static:
            name = static.pop()
            status, text, _ = visitor.get_text(urlsplit(name).path)
            self.assertEqual(status, 200, f"{name} on {path}")
            self.assertRegex(urlsplit(name).path, HASHED)
            if name.endswith(".css"):
                static |= {urljoin(name, reference) for reference in INSIDE_CSS.findall(text)}

    def test_public_pages_desk_and_admin_are_served_with_all_their_files(self) -> None:
        visitor = Visitor(self.port)
        for path in ("/", "/aboutus/", "/contact/", "/user/login/"):
            with self.subTest(path):
                self.assertPageAndFilesLoad(visitor, path)
        name, value = self.manage("shell", "-c", LOG_IN).split()[-2:]
        visitor.cookies[name] = value
        for path in ("/desk/", "/admin/", "/admin/pages/contactmessage/"):
            with self.subTest(path):
                self.assertPageAndFilesLoad(visitor, path)

    def test_database_file_is_readable_only_by_its_owner(self) -> None:
        Visitor(self.port).get_text("/user/login/")
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in self.folder.glob("db.sqlite3*")}
        self.assertEqual(set(modes.values()), {"0o600"}, modes)

    def test_gunicorn_opens_no_control_socket(self) -> None:
        self.assertEqual([path.name for path in self.home.rglob("*") if path.is_socket()], [])

    def test_request_waits_in_the_systemd_socket_while_the_site_restarts(self) -> None:
        """As with deploy/hepcat.socket, the socket stays open and each new process inherits it as descriptor 3."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            visitor = Visitor(listener.getsockname()[1])
            for _ in range(2):
                command = [
                    sys.executable,
                    "-c",
                    START_LIKE_SYSTEMD,
                    sys.executable,
                    "-m",
                    "gunicorn",
                    "-c",
                    "deploy/gunicorn.conf.py",
                ]
                env = self.env | {"DOOR": str(listener.fileno())}
                server = subprocess.Popen(
                    command, cwd=TOP, env=env, pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL
                )
                try:
                    self.assertEqual(visitor.get_text("/healthz")[0], 200)  # sent before gunicorn listens
                finally:
                    server.terminate()
                    server.wait()

    def test_unknown_page_reveals_no_debug_information(self) -> None:
        status, page, _ = Visitor(self.port).get_text("/no-such-page/")
        self.assertEqual(status, 404)
        self.assertNotIn("urlpatterns", page)
        self.assertNotIn("Traceback", page)

    def test_http_is_redirected_to_https(self) -> None:
        status, _, location = Visitor(self.port).get_text("/", proto="http")
        self.assertEqual((status, location[:8]), (301, "https://"))

    def test_migrate_creates_the_cache_table(self) -> None:
        code = "from django.core.cache import cache; cache.set('a', 1); print(cache.get('a'))"
        self.assertEqual(self.manage("shell", "-c", code).split()[-1], "1")

    def test_first_visit_to_thirty_classes_is_small_and_its_files_are_cached_as_immutable(self) -> None:
        self.assertEqual(self.manage("shell", "-c", CLASSES).split()[-1], "30")
        responses = Visitor(self.port).first_visit("/classes/")
        sizes = {name: len(body) for name, (_, body) in responses.items()}
        self.assertLessEqual(len(responses), 5, sizes)
        self.assertLessEqual(sum(sizes.values()), 60_000, sizes)
        page, _ = responses.pop("/classes/")
        self.assertEqual(page["Content-Encoding"], "gzip")
        self.assertIn("Accept-Encoding", page["Vary"])
        self.assertEqual({name.rpartition(".")[2] for name in responses}, {"css", "js", "svg"})
        for name, (headers, _) in responses.items():
            with self.subTest(name):
                self.assertEqual(headers["Content-Encoding"], "gzip")
                self.assertRegex(headers["Cache-Control"], r"max-age=3153\d{4,5}\b")
                self.assertIn("immutable", headers["Cache-Control"])
                self.assertNotIn("Set-Cookie", headers)

    def test_browser_without_gzip_gets_the_same_page_uncompressed(self) -> None:
        _, gzip_headers, gzip_body = Visitor(self.port).fetch("/aboutus/", accept="gzip")
        _, plain_headers, plain_body = Visitor(self.port).fetch("/aboutus/")
        self.assertEqual((gzip_headers["Content-Encoding"], plain_headers["Content-Encoding"]), ("gzip", None))
        self.assertEqual(gzip.decompress(gzip_body), plain_body)
