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
    def test_unknown_address_shows_a_404_page_with_the_name_of_the_school(self) -> None:
        response = self.client.get("/nowhere/")
        self.assertContains(response, "We can’t find that page", status_code=404)
        self.assertContains(response, "Hepcat Test School", status_code=404)

    def test_form_without_csrf_token_is_refused_with_advice(self) -> None:
        response = Client(enforce_csrf_checks=True).post("/contact/", {})
        self.assertContains(response, "reload the page and try again", status_code=403)

    @override_settings(ROOT_URLCONF="tests.common.test_error_pages")
    def test_unreadable_request_shows_a_400_page_without_details(self) -> None:
        response = self.client.get("/unreadable/")
        self.assertContains(response, "We couldn’t read that", status_code=400)
        self.assertNotContains(response, "secret detail", status_code=400)


class ErrorPagesWithoutDatabaseTest(SimpleTestCase):
    """A SimpleTestCase may not query the database, so these tests prove that the pages do not need it."""

    @override_settings(ROOT_URLCONF="tests.common.test_error_pages")
    def test_server_error_shows_a_500_page_without_details(self) -> None:
        with self.assertLogs("django.request", "ERROR"):
            response = Client(raise_request_exception=False).get("/broken/")
        self.assertContains(response, "Something went wrong on our side", status_code=500)
        self.assertNotContains(response, "secret detail", status_code=500)

    def test_server_error_page_works_without_its_template(self) -> None:
        with override_settings(TEMPLATES=[]), self.assertLogs("common.error_pages", "ERROR"):
            response = error_pages.server_error(RequestFactory().get("/"))
        self.assertContains(response, "Something went wrong on our side", status_code=500)

    def test_rate_limit_page_says_when_to_try_again(self) -> None:
        for wait, words in ((timedelta(seconds=30), "in a minute."), (timedelta(minutes=14, seconds=1), "15 minutes")):
            response = error_pages.too_many_requests(RequestFactory().get("/"), wait)
            self.assertContains(response, words, status_code=429)
            self.assertEqual(response.headers["Retry-After"], str(int(wait.total_seconds())))
