"""A page that fails is reported to ADMINS once per kind of failure, without any data about the visitor."""

import logging
from unittest import mock

from django.core import mail
from django.core.cache import cache
from django.test import SimpleTestCase, TestCase, override_settings
from django.urls import path

UNREACHABLE_REDIS = "redis://127.0.0.1:1/0"


class Odd(Exception):
    pass


def fail(request, secret):  # type: ignore[no-untyped-def]
    raise Odd(f"{secret} typed {request.POST.get('name')}")


def raise_numbered_error(request, number):  # type: ignore[no-untyped-def]
    raise type(f"Odd{number}", (Exception,), {})(number)


urlpatterns = [
    path("doors/<str:secret>/", fail, name="door"),
    path("anew/<int:number>/", raise_numbered_error, name="anew"),
]


@override_settings(
    ROOT_URLCONF=__name__,
    ADMINS=[("", "admin@example.org"), ("", "second@example.org")],
    SERVER_EMAIL="site@example.org",
    EMAIL_SUBJECT_PREFIX="[Our school] ",
)
class ErrorReportTest(TestCase):
    def setUp(self) -> None:
        cache.clear()
        self.client.raise_request_exception = False
        root_logger = logging.getLogger()
        self.enterContext(mock.patch.object(root_logger, "handlers", []))  # keeps the console quiet

    def request_failing_page(self, address: str = "/doors/hunter2/?q=hidden") -> str:
        headers = {"user-agent": "A private browser", "cookie": "tracks=me"}
        response = self.client.post(address, {"name": "Ada Adler", "email": "ada@example.org"}, headers=headers)
        self.assertEqual(response.status_code, 500)
        return str(response.headers["X-Request-Id"])

    def test_report_names_the_page_exception_source_file_and_request_id(self) -> None:
        request_id = self.request_failing_page()
        (report,) = mail.outbox
        self.assertEqual(report.to, ["admin@example.org", "second@example.org"])
        self.assertEqual(report.from_email, "site@example.org")
        self.assertEqual(report.subject, "[Our school] Odd on POST door")
        for expected in ("doors/<str:secret>/", "Odd", "tests/hepcat/test_error_reports.py", "in fail", request_id):
            self.assertIn(expected, report.body)

    def test_report_contains_no_personal_data(self) -> None:
        self.request_failing_page()
        (report,) = mail.outbox
        message_text = str(report.message())
        for private_text in ("hunter2", "hidden", "Ada", "ada@", "private browser", "tracks", "127.0.0.1"):
            self.assertNotIn(private_text, message_text)

    def test_repeated_failure_is_mailed_once_an_hour_and_counted_in_the_next_report(self) -> None:
        from hepcat import error_reports

        for _ in range(50):
            self.request_failing_page()
        self.assertEqual(len(mail.outbox), 1)
        cache.delete(error_reports.sent_key("Odd on POST door"))  # an hour later
        self.request_failing_page()
        self.assertEqual(len(mail.outbox), 2)
        self.assertIn("50 times since the last report", mail.outbox[1].body)

    def test_different_failures_send_at_most_twenty_reports_an_hour(self) -> None:
        for number in range(30):
            self.request_failing_page(f"/anew/{number}/")
        self.assertEqual(len(mail.outbox), 20)

    def test_unreachable_mail_server_is_logged_without_personal_data(self) -> None:
        unreachable = override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_PORT=1)
        with unreachable, self.assertLogs("hepcat.error_reports", "WARNING") as logged:
            self.request_failing_page()
        self.assertIn("could not be mailed", logged.output[0])
        self.assertNotIn("hunter2", logged.output[0])

    @override_settings(
        CACHES={"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": UNREACHABLE_REDIS}}
    )
    def test_each_process_mails_once_when_the_cache_is_unreachable(self) -> None:
        for _ in range(5):
            self.request_failing_page()
        self.assertEqual(len(mail.outbox), 1)

    @override_settings(ADMINS=[])
    def test_without_admins_nothing_is_mailed(self) -> None:
        self.request_failing_page()
        self.assertEqual(mail.outbox, [])


class DjangoErrorMailTest(SimpleTestCase):
    def test_error_mail_of_django_that_repeats_form_input_is_off(self) -> None:
        self.assertEqual([type(handler).__name__ for handler in logging.getLogger("django").handlers], [])
