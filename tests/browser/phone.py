"""The way to a place on a phone; each page is looked at as it comes."""

import re

from playwright.sync_api import Page

from classwork.models import ClassOffer
from tests.browser.base import BrowserTestCase
from users.models import User

PHONE = 390


class PhoneTestCase(BrowserTestCase):
    def phone(self, person: User | None = None) -> Page:
        return self.open_browser(person, width=PHONE)

    def look(self, page: Page, heading: str) -> None:
        """Where we are, and nothing wrong with it."""
        page.get_by_role("heading", name=heading, level=1).wait_for()
        self.check_page(page)
        self.assertFalse(self.complaints, "\n" + "\n".join(self.complaints))

    def from_the_class(self, page: Page, class_offer: ClassOffer | None = None) -> None:
        page.goto((class_offer or self.school.class_offer).get_absolute_url())
        page.get_by_role("link", name="Register", exact=True).click()
        self.look(page, "Register")

    def go_on(self, page: Page) -> None:
        page.get_by_role("button", name="Continue", exact=True).last.click()

    def payer(self, page: Page, name: str = "Pat Payer", email: str = "pat@example.org") -> None:
        self.look(page, "Your details")
        page.get_by_label("Your name").fill(name)
        page.get_by_label("Your email").fill(email)
        page.get_by_role("button", name="Continue to payment").click()
        self.look(page, "Your order")

    def order(self, page: Page, way: str = "Practice payment") -> None:
        page.get_by_label(way).check()
        page.get_by_role("button", name=re.compile(r"^(Pay \$|Complete order)")).click()

    def pay(self, page: Page) -> None:
        page.get_by_role("button", name="Pay", exact=True).click()
        self.look(page, "Thank you")
