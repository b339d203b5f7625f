"""A page that fails is mailed to ADMINS, once for each kind of failure, without a word of whom it happened to."""

import logging
from unittest import mock

from django.core import mail
from django.core.cache import cache
from django.test import SimpleTestCase, TestCase, override_settings
from django.urls import path

AWAY = "redis://127.0.0.1:1/0"


class Odd(Exception):
    pass


def fail(request, secret):  # type: ignore[no-untyped-def]
    raise Odd(f"{secret} typed {request.POST.get('name')}")


def fail_anew(request, number):  # type: ignore[no-untyped-def]
    raise type(f"Odd{number}", (Exception,), {})(number)


urlpatterns = [path("doors/<str:secret>/", fail, name="door"), path("anew/<int:number>/", fail_anew, name="anew")]


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
        root = logging.getLogger()
        self.enterContext(mock.patch.object(root, "handlers", []))  # what the console would be told

    def fail(self, address: str = "/doors/hunter2/?q=hidden") -> str:
        headers = {"user-agent": "A private browser", "cookie": "tracks=me"}
        response = self.client.post(address, {"name": "Ada Adler", "email": "ada@example.org"}, headers=headers)
        self.assertEqual(response.status_code, 500)
        return str(response.headers["X-Request-Id"])

    def test_it_says_page_error_place_and_request(self) -> None:
        request_id = self.fail()
        (report,) = mail.outbox
        self.assertEqual(report.to, ["admin@example.org", "second@example.org"])
        self.assertEqual(report.from_email, "site@example.org")
        self.assertEqual(report.subject, "[Our school] Odd on POST door")
        for told in ("doors/<str:secret>/", "Odd", "tests/hepcat/test_error_reports.py", "in fail", request_id):
            self.assertIn(told, report.body)

    def test_it_holds_nothing_personal(self) -> None:
        self.fail()
        (report,) = mail.outbox
        whole = str(report.message())
        for hidden in ("hunter2", "hidden", "Ada", "ada@", "private browser", "tracks", "127.0.0.1"):
            self.assertNotIn(hidden, whole)

    def test_the_same_failure_is_mailed_once_an_hour_and_the_next_mail_says_how_often_it_was(self) -> None:
        from hepcat import error_reports

        for _ in range(50):
            self.fail()
        self.assertEqual(len(mail.outbox), 1)
        cache.delete(error_reports.sent_key("Odd on POST door"))  # an hour later
        self.fail()
        self.assertEqual(len(mail.outbox), 2)
        self.assertIn("50 times since the last report", mail.outbox[1].body)

    def test_a_storm_of_different_failures_is_mailed_twenty_times_an_hour(self) -> None:
        for number in range(30):
            self.fail(f"/anew/{number}/")
        self.assertEqual(len(mail.outbox), 20)

    def test_a_mail_server_that_is_away_makes_nothing_worse(self) -> None:
        away = override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_PORT=1)
        with away, self.assertLogs("hepcat.error_reports", "WARNING") as logged:
            self.fail()
        self.assertIn("could not be mailed", logged.output[0])
        self.assertNotIn("hunter2", logged.output[0])

    @override_settings(CACHES={"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": AWAY}})
    def test_with_the_cache_away_each_process_mails_once(self) -> None:
        for _ in range(5):
            self.fail()
        self.assertEqual(len(mail.outbox), 1)

    @override_settings(ADMINS=[])
    def test_without_admins_nothing_is_mailed(self) -> None:
        self.fail()
        self.assertEqual(mail.outbox, [])


class DjangosOwnReportTest(SimpleTestCase):
    def test_djangos_own_report_which_repeats_all_that_was_typed_is_off(self) -> None:
        self.assertEqual([type(each).__name__ for each in logging.getLogger("django").handlers], [])
