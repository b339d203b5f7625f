"""The site as a production machine runs it: DEBUG off, behind gunicorn, static files collected and compressed."""

import http.client
import re
from urllib.parse import urljoin, urlsplit

from django.test import tag

from tests.hepcat.production import LOG_IN, ProductionCase

REFERENCES = re.compile(r"""<(?:link|script|img|source|use)\b[^>]*?\b(?:href|src)=["']([^"'#][^"']*)["']""")
INSIDE_CSS = re.compile(r"""url\(["']?(?!data:|#)([^"')]+)["']?\)""")
HASHED = re.compile(r"\.[0-9a-f]{8,}\.\w+$")


class Visitor:
    """A browser without pictures: comes by a proxy that was asked by HTTPS."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def ask(self, path: str, proto: str = "https") -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request("GET", path, headers={"X-Forwarded-Proto": proto, "Cookie": cookies})
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
        connection.close()
        return response.status, text, response.headers.get("Location", "")


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
