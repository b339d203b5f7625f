"""Pages in more than one language."""

from django.conf import settings
from django.urls import reverse

from tests.base import SchoolTestCase
from tests.translations import LOCALE_MIDDLEWARE, site_with_german

TEXTS = {"Register": "Anmelden", "Join the waitlist": "Auf die Warteliste"}


class LanguageTest(SchoolTestCase):
    def page(self, language: str) -> str:
        address = reverse("classoffer_detail", args=[self.class_offer.pk])
        return self.client.get(address, headers={"accept-language": language}).content.decode()

    def test_page_is_in_the_language_of_the_browser_with_its_dates_and_money(self) -> None:
        with site_with_german(TEXTS):
            page, english_page = self.page("de-AT,de;q=0.9"), self.page("fr")
        self.assertIn('<html lang="de">', page)
        self.assertIn(">Anmelden</a>", page)
        self.assertIn("70,00\N{NO-BREAK SPACE}$", page)
        self.assertIn("19:00", page)
        self.assertNotIn("7:00–8:00 PM", page)
        for english in ('<html lang="en-us">', ">Register</a>", "$70.00", "7:00–8:00 PM"):
            self.assertIn(english, english_page)

    def test_with_one_language_the_page_does_not_depend_on_the_browser(self) -> None:
        self.assertNotIn(LOCALE_MIDDLEWARE, settings.MIDDLEWARE)
        response = self.client.get(reverse("classoffer_list"), headers={"accept-language": "de"})
        self.assertNotIn("Accept-Language", response.headers.get("Vary", ""))
        self.assertContains(response, '<html lang="en-us">')
