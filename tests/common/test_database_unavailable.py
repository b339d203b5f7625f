"""While the database is unavailable, pages answer 503 and say when to try again."""

import re
from typing import Any

from django.db import InterfaceError, OperationalError, ProgrammingError, connection
from django.test import Client

from tests.base import SchoolTestCase


class DatabaseUnavailableTest(SchoolTestCase):
    def get_with_database_error(self, path: str, error: Exception, client: Client | None = None) -> Any:
        def fail(*args: Any) -> Any:
            raise error

        browser = client or Client()
        browser.raise_request_exception = False
        with connection.execute_wrapper(fail):
            return browser.get(path)

    def test_pages_answer_503_with_retry_after_and_without_details(self) -> None:
        self.log_in(self.alice)
        for path in ("/classes/", "/profile/", "/register/", "/desk/"):
            for error in (OperationalError("the connection was refused"), InterfaceError("connection already closed")):
                with self.subTest(path, error=error):
                    page = self.get_with_database_error(path, error, self.client)
                    self.assertEqual((page.status_code, page.headers.get("Retry-After")), (503, "30"))
                    self.assertContains(page, "back in a moment", status_code=503)
                    self.assertNotContains(page, "refused", status_code=503)

    def test_programming_error_answers_500_without_retry_after(self) -> None:
        page = self.get_with_database_error("/classes/", ProgrammingError("no such column"))
        self.assertEqual(page.status_code, 500)
        self.assertNotIn("Retry-After", page.headers)

    def test_health_check_answers_503_with_retry_after(self) -> None:
        page = self.get_with_database_error("/healthz", OperationalError("away"))
        self.assertEqual((page.status_code, page.headers.get("Retry-After")), (503, "30"))

    def test_pages_that_need_no_database_still_open(self) -> None:
        (stylesheet,) = re.findall(r'href="(/brand/[^"]+)"', self.client.get("/contact/").content.decode())
        for path in ("/robots.txt", stylesheet):
            with self.subTest(path):
                self.assertEqual(self.get_with_database_error(path, OperationalError("away")).status_code, 200)
