"""While the database is away a page says so, and when to come back."""

import re
from typing import Any

from django.db import InterfaceError, OperationalError, ProgrammingError, connection
from django.test import Client

from tests.base import SchoolTestCase


class DatabaseAwayTest(SchoolTestCase):
    def ask(self, path: str, fault: Exception, client: Client | None = None) -> Any:
        def fail(*args: Any) -> Any:
            raise fault

        browser = client or Client()
        browser.raise_request_exception = False
        with connection.execute_wrapper(fail):
            return browser.get(path)

    def test_every_page_is_503_with_a_time_to_come_back(self) -> None:
        self.log_in(self.alice)
        for path in ("/classes/", "/profile/", "/register/", "/desk/"):
            for fault in (OperationalError("the connection was refused"), InterfaceError("connection already closed")):
                with self.subTest(path, fault=fault):
                    page = self.ask(path, fault, self.client)
                    self.assertEqual((page.status_code, page.headers.get("Retry-After")), (503, "30"))
                    self.assertContains(page, "back in a moment", status_code=503)
                    self.assertNotContains(page, "refused", status_code=503)

    def test_a_mistake_of_ours_is_still_one(self) -> None:
        page = self.ask("/classes/", ProgrammingError("no such column"))
        self.assertEqual(page.status_code, 500)
        self.assertNotIn("Retry-After", page.headers)

    def test_the_health_check_says_when_to_ask_again(self) -> None:
        page = self.ask("/healthz", OperationalError("away"))
        self.assertEqual((page.status_code, page.headers.get("Retry-After")), (503, "30"))

    def test_pages_that_need_no_database_stay(self) -> None:
        (style,) = re.findall(r'href="(/brand/[^"]+)"', self.client.get("/contact/").content.decode())
        for path in ("/robots.txt", style):
            with self.subTest(path):
                self.assertEqual(self.ask(path, OperationalError("away")).status_code, 200)
