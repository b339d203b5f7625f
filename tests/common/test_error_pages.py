from datetime import timedelta

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, SimpleTestCase, TestCase, override_settings
from django.urls import path

from common import error_pages
from hepcat import urls as site


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret detail")


def unreadable(request: HttpRequest) -> HttpResponse:
    raise BadRequest("secret detail")


urlpatterns = [path("broken/", broken), path("unreadable/", unreadable), *site.urlpatterns]
handler400, handler403, handler404, handler500 = site.handler400, site.handler403, site.handler404, site.handler500


class ErrorPagesTest(TestCase):
    def test_an_unknown_address_is_told_in_the_school_s_look(self) -> None:
        response = self.client.get("/nowhere/")
        self.assertContains(response, "We can’t find that page", status_code=404)
        self.assertContains(response, "Hepcat Test School", status_code=404)

    def test_a_form_from_elsewhere_is_refused_with_advice(self) -> None:
        response = Client(enforce_csrf_checks=True).post("/contact/", {})
        self.assertContains(response, "reload the page and try again", status_code=403)

    @override_settings(ROOT_URLCONF="tests.common.test_error_pages")
    def test_a_request_that_cannot_be_read_is_told_so(self) -> None:
        response = self.client.get("/unreadable/")
        self.assertContains(response, "We couldn’t read that", status_code=400)
        self.assertNotContains(response, "secret detail", status_code=400)


class BrokenSiteTest(SimpleTestCase):
    """A SimpleTestCase may not touch the database: neither does this page."""

    @override_settings(ROOT_URLCONF="tests.common.test_error_pages")
    def test_a_broken_site_says_so_without_the_database(self) -> None:
        with self.assertLogs("django.request", "ERROR"):
            response = Client(raise_request_exception=False).get("/broken/")
        self.assertContains(response, "Something went wrong on our side", status_code=500)
        self.assertNotContains(response, "secret detail", status_code=500)

    def test_even_without_its_template_something_is_said(self) -> None:
        with override_settings(TEMPLATES=[]), self.assertLogs("common.error_pages", "ERROR"):
            response = error_pages.server_error(RequestFactory().get("/"))
        self.assertContains(response, "Something went wrong on our side", status_code=500)

    def test_too_often_says_when_to_come_back(self) -> None:
        for wait, words in ((timedelta(seconds=30), "in a minute."), (timedelta(minutes=14, seconds=1), "15 minutes")):
            response = error_pages.too_many_requests(RequestFactory().get("/"), wait)
            self.assertContains(response, words, status_code=429)
            self.assertEqual(response.headers["Retry-After"], str(int(wait.total_seconds())))
