"""The site as a production machine runs it: DEBUG off, behind gunicorn, static files collected and compressed."""

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
from tests import make
session = make.session("Now", make.thursday(1))
for number in range(30):
    make.offer(session, make.subject("L2", version="ABC"[number % 3], name=f"Class {{number}}"), class_day=number % 7)
print(ClassOffer.objects.count())
"""
REFERENCES = re.compile(r"""<(?:link|script|img|source|use)\b[^>]*?\b(?:href|src)=["']([^"'#][^"']*)["']""")
INSIDE_CSS = re.compile(r"""url\(["']?(?!data:|#)([^"')]+)["']?\)""")
NO_FILE = re.compile(r"^(?:data:|mailto:|https?:)|\.ics$")
HASHED = re.compile(r"\.[0-9a-f]{8,}\.\w+$")

BY_SYSTEMD = """
import os, sys
os.dup2(int(os.environ["DOOR"]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[1], sys.argv[1:])
"""


class Visitor:
    """A browser without pictures: comes by a proxy that was asked by HTTPS."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def ask(self, path: str, proto: str = "https") -> tuple[int, str, str]:
        status, headers, body = self.fetch(path, proto=proto)
        return status, body.decode(errors="replace"), headers.get("Location", "")

    def fetch(self, path: str, *, proto: str = "https", accept: str = "") -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        said = {"X-Forwarded-Proto": proto, "Cookie": cookies, "Accept-Encoding": accept}
        connection.request("GET", path, headers=said)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, response.headers, body

    def first_visit(self, path: str) -> dict[str, tuple[http.client.HTTPMessage, bytes]]:
        """The page and everything that a browser asks for because of it, as a browser gets it that knows gzip."""
        got: dict[str, tuple[http.client.HTTPMessage, bytes]] = {}
        waiting = [path]
        while waiting:
            name = waiting.pop()
            status, headers, body = self.fetch(name, accept="gzip, deflate, br")
            assert status == 200, f"{name}: {status}"
            got[name] = (headers, body)
            if headers.get_content_type() in {"text/html", "text/css"}:
                text = (gzip.decompress(body) if headers["Content-Encoding"] == "gzip" else body).decode()
                named = {unescape(found) for found in [*REFERENCES.findall(text), *INSIDE_CSS.findall(text)]}
                mine = {urlsplit(urljoin(name, found)) for found in named if not NO_FILE.search(found)}
                waiting += {found.path for found in mine} - {*got, *waiting}
        return got


@tag("once")
class ProductionTest(ProductionCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        for step in (["migrate"], ["collectstatic", "--no-input"], ["compress"]):
            cls.manage(*step)
        cls.start_gunicorn()

    def assertWhole(self, visitor: Visitor, path: str) -> None:
        """The page is there, and so is all it refers to, under names that change with the content."""
        status, page, _ = visitor.ask(path)
        self.assertEqual(status, 200, path)
        static = {urljoin(path, found) for found in REFERENCES.findall(page) if "/static/" in found}
        self.assertTrue(static, f"{path} refers to no static file")
        while static:
            name = static.pop()
            status, text, _ = visitor.ask(urlsplit(name).path)
            self.assertEqual(status, 200, f"{name} on {path}")
            self.assertRegex(urlsplit(name).path, HASHED)
            if name.endswith(".css"):
                static |= {urljoin(name, found) for found in INSIDE_CSS.findall(text)}

    def test_public_pages_and_the_admin_are_served_with_every_file(self) -> None:
        visitor = Visitor(self.port)
        for path in ("/", "/aboutus/", "/contact/", "/user/login/"):
            with self.subTest(path):
                self.assertWhole(visitor, path)
        name, value = self.manage("shell", "-c", LOG_IN).split()[-2:]
        visitor.cookies[name] = value
        for path in ("/desk/", "/admin/", "/admin/pages/contactmessage/"):
            with self.subTest(path):
                self.assertWhole(visitor, path)

    def test_the_database_is_its_owners_to_read_and_nobody_elses(self) -> None:
        Visitor(self.port).ask("/user/login/")
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in self.folder.glob("db.sqlite3*")}
        self.assertEqual(set(modes.values()), {"0o600"}, modes)

    def test_gunicorn_opens_no_door_beside_the_one_it_serves(self) -> None:
        self.assertEqual([path.name for path in self.home.rglob("*") if path.is_socket()], [])

    def test_systemd_holds_the_socket_so_that_nobody_is_turned_away_while_it_starts_anew(self) -> None:
        """As deploy/hepcat.socket has it: the door is open all the time, and each start finds it as its third file."""
        with socket.create_server(("127.0.0.1", 0)) as door:
            visitor = Visitor(door.getsockname()[1])
            for _ in range(2):
                command = [
                    sys.executable,
                    "-c",
                    BY_SYSTEMD,
                    sys.executable,
                    "-m",
                    "gunicorn",
                    "-c",
                    "deploy/gunicorn.conf.py",
                ]
                env = self.env | {"DOOR": str(door.fileno())}
                server = subprocess.Popen(
                    command, cwd=TOP, env=env, pass_fds=[door.fileno()], stderr=subprocess.DEVNULL
                )
                try:
                    self.assertEqual(visitor.ask("/healthz")[0], 200)  # asked before it listens
                finally:
                    server.terminate()
                    server.wait()

    def test_an_unknown_page_tells_nothing_of_the_inside(self) -> None:
        status, page, _ = Visitor(self.port).ask("/no-such-page/")
        self.assertEqual(status, 404)
        self.assertNotIn("urlpatterns", page)
        self.assertNotIn("Traceback", page)

    def test_plain_http_is_sent_to_https(self) -> None:
        status, _, location = Visitor(self.port).ask("/", proto="http")
        self.assertEqual((status, location[:8]), (301, "https://"))

    def test_the_cache_has_its_table_after_migrate_alone(self) -> None:
        stored = "from django.core.cache import cache; cache.set('a', 1); print(cache.get('a'))"
        self.assertEqual(self.manage("shell", "-c", stored).split()[-1], "1")

    def test_the_first_visit_to_thirty_classes_is_small_and_what_it_brings_is_kept_for_good(self) -> None:
        self.assertEqual(self.manage("shell", "-c", CLASSES).split()[-1], "30")
        got = Visitor(self.port).first_visit("/classes/")
        sizes = {name: len(body) for name, (_, body) in got.items()}
        self.assertLessEqual(len(got), 5, sizes)
        self.assertLessEqual(sum(sizes.values()), 60_000, sizes)
        page, _ = got.pop("/classes/")
        self.assertEqual(page["Content-Encoding"], "gzip")
        self.assertIn("Accept-Encoding", page["Vary"])
        self.assertEqual({name.rpartition(".")[2] for name in got}, {"css", "js", "svg"})
        for name, (headers, _) in got.items():
            with self.subTest(name):
                self.assertEqual(headers["Content-Encoding"], "gzip")
                self.assertRegex(headers["Cache-Control"], r"max-age=3153\d{4,5}\b")
                self.assertIn("immutable", headers["Cache-Control"])
                self.assertNotIn("Set-Cookie", headers)

    def test_a_browser_that_knows_no_gzip_gets_the_same_page(self) -> None:
        _, zipped, packed = Visitor(self.port).fetch("/aboutus/", accept="gzip")
        _, plain, text = Visitor(self.port).fetch("/aboutus/")
        self.assertEqual((zipped["Content-Encoding"], plain["Content-Encoding"]), ("gzip", None))
        self.assertEqual(gzip.decompress(packed), text)
