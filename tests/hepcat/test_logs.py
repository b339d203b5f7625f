"""Log lines say when, in which request and what happened. They contain no secret addresses and no personal data."""

import io
import logging
import re
import runpy
from logging.config import DictConfigurator  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.test import Client, SimpleTestCase

from billing.models import Order
from tests.base import SchoolTestCase
from users.domain import account_links

TOP = Path(__file__).resolve().parents[2]
DETAIL = (
    'duplicate key value violates unique constraint "users_user_email_once"\n'
    "DETAIL:  Key (lower(email::text))=(alice@example.org) already exists.\n"
)


def formatter() -> logging.Formatter:
    line_formatter: logging.Formatter = DictConfigurator(settings.LOGGING).configure_formatter(
        dict(settings.LOGGING["formatters"]["line"])  # a copy, because configure_formatter() changes it
    )
    return line_formatter


class Log:
    """Captures all log lines while the block runs, in the format of the site's own handler."""

    def __enter__(self) -> "Log":
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(formatter())
        self.previous_levels = [(logging.getLogger(name), logging.getLogger(name).level) for name in ("", "django")]
        logging.getLogger().addHandler(self.handler)
        for logger, _ in self.previous_levels:
            logger.setLevel(logging.INFO)
        return self

    def __exit__(self, *raised: Any) -> None:
        logging.getLogger().removeHandler(self.handler)
        for logger, level in self.previous_levels:
            logger.setLevel(level)

    @property
    def text(self) -> str:
        return self.stream.getvalue()


class LogPrivacyTest(SchoolTestCase):
    def test_mailed_link_of_a_refused_form_is_not_logged(self) -> None:
        path = account_links.password_link_url(self.alice).removeprefix(settings.SITE_URL)
        with Log() as log:
            self.assertEqual(Client(enforce_csrf_checks=True).post(path, {}).status_code, 403)
        self.assertIn("/user/reset/", log.text)
        self.assertNotIn(path.split("/")[-2], log.text)

    def test_tokens_and_keys_in_addresses_are_not_logged(self) -> None:
        token = "WzQ2OSwiQUJDREVGR0hJSksiXQ:1vTqXy:" + "aB3_-9" * 7
        order = Order(pk=1, nonce="abcdefghijkl")
        key = order.address().partition("key=")[2]
        for path in (
            f"/waiting/{token}/",
            f"/tickets/{token}/",
            f"/vouchers/{token}/",
            f"/calendar/{token}.ics",
            f"/mail/stop/{token}/",
            f"/user/activate/{token}/",
            f"/order/question/{token}/",
            "/payments/process/8d7ff3a2-0d7f-4a6e-9c55-0b0f6f7a9b11/",
            f"/order/1/?key={key}",
            f"/order/1/confirm/?key={key}",
        ):
            with self.subTest(path[:18]), Log() as log:
                self.assertEqual(self.client.get(path).status_code, 404)
                logging.getLogger("django.server").info('"GET %s HTTP/1.1" 404 1', path)
                logging.getLogger("anything").warning("Strange: %s", f"https://school.example{path}")
                self.assertIn("Not Found: /", log.text)
                for secret in (token, key, key[:20], "8d7ff3a2-0d7f"):
                    self.assertNotIn(secret, log.text)

    def test_query_strings_are_not_logged(self) -> None:
        for query in (
            "q=O'Neil-secret",
            "name=Ann%20&q=secret",
            "secret",
            "secret=",
            'q="secret"',
            "q=<secret>#secret",
        ):
            for address in (f"/desk/?{query}", f"https://school.example/desk/students?{query}"):
                with self.subTest(address), Log() as log:
                    logging.getLogger("anything").warning('"GET %s HTTP/1.1" 200 1', address)
                    self.assertIn("/desk/", log.text)
                    self.assertIn("HTTP/1.1", log.text)
                    self.assertNotIn("secret", log.text)
                    self.assertNotIn("Ann", log.text)

    def test_message_with_a_question_mark_is_logged_in_full(self) -> None:
        with Log() as log:
            logging.getLogger("anything").warning("Ready? Yes.")
        self.assertIn("Ready? Yes.", log.text)

    def test_values_in_database_errors_are_left_out_of_logged_tracebacks(self) -> None:
        with Log() as log:
            try:
                raise IntegrityError(DETAIL)
            except IntegrityError:
                logging.getLogger("django.request").exception("Internal Server Error: %s", "/user/signup/")
        self.assertIn("users_user_email_once", log.text)
        self.assertIn("Traceback", log.text)
        self.assertNotIn("alice", log.text)

    def test_ordinary_page_addresses_are_logged_in_full(self) -> None:
        with Log() as log:
            self.client.get("/nowhere/to-be-seen/")
        self.assertIn("Not Found: /nowhere/to-be-seen/", log.text)


class LogLineTest(SchoolTestCase):
    def test_log_line_contains_the_request_id(self) -> None:
        with Log() as log:
            response = self.client.get("/nowhere/")
        self.assertIn(response.headers["X-Request-Id"], log.text)

    def test_log_lines_have_the_time_format_of_gunicorn(self) -> None:
        with Log() as log:
            logging.getLogger("anything").warning("Now")
        self.assertRegex(log.text, r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000\] ")

    def test_each_log_line_is_written_once(self) -> None:
        """Only the site's own handlers are attached, with DEBUG too."""
        for name in ("django", "django.server"):
            with self.subTest(name):
                logger_config = settings.LOGGING["loggers"][name]
                self.assertLessEqual(set(logger_config["handlers"]), {"console", "reports"})
                self.assertEqual("console" in logger_config["handlers"], logger_config.get("propagate") is False)


class AccessLogTest(SimpleTestCase):
    def test_gunicorn_logs_neither_ip_addresses_nor_page_addresses(self) -> None:
        gunicorn_config = runpy.run_path(str(TOP / "deploy/gunicorn.conf.py"))
        self.assertNotIn("accesslog", gunicorn_config)
        fields = set(re.findall(r"%\(([^)]+)\)s", gunicorn_config["access_log_format"]))
        self.assertLessEqual(fields, {"t", "m", "s", "b", "D", "{x-request-id}o"})

    def test_nginx_logs_neither_ip_addresses_nor_page_addresses(self) -> None:
        text = (TOP / "deploy/nginx.conf").read_text()
        (line,) = re.findall(r"^log_format (\w+) ([^;]+);", text, re.MULTILINE)
        fields = set(re.findall(r"\$(\w+)", line[1]))
        allowed = {"time_iso8601", "request_method", "status", "body_bytes_sent", "request_time"}
        self.assertLessEqual(fields, allowed | {"upstream_response_time", "upstream_http_x_request_id"})
        servers = text.count("\nserver {")
        self.assertEqual(len(re.findall(rf"^ +access_log \S+ {line[0]};", text, re.MULTILINE)), servers)
        self.assertEqual(len(re.findall(r"^ +error_log \S+ crit;", text, re.MULTILINE)), servers)
