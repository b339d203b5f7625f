"""The steps of registering and paying on a phone. Each page is checked on the way."""

import re

from playwright.sync_api import Page

from classwork.models import ClassOffer
from tests.browser.base import BrowserTestCase
from users.models import User

PHONE = 390


class PhoneTestCase(BrowserTestCase):
    def phone(self, person: User | None = None) -> Page:
        return self.open_browser(person, width=PHONE)

    def expect_page(self, page: Page, heading: str) -> None:
        """Wait for the page with this heading, and check it."""
        page.get_by_role("heading", name=heading, level=1).wait_for()
        self.check_page(page)
        self.assertFalse(self.problems, "\n" + "\n".join(self.problems))

    def start_registration(self, page: Page, class_offer: ClassOffer | None = None) -> None:
        page.goto((class_offer or self.school.class_offer).get_absolute_url())
        page.get_by_role("link", name="Register", exact=True).click()
        self.expect_page(page, "Register")

    def press_continue(self, page: Page) -> None:
        page.get_by_role("button", name="Continue", exact=True).last.click()

    def enter_payer(self, page: Page, name: str = "Pat Payer", email: str = "pat@example.org") -> None:
        self.expect_page(page, "Your order")
        page.get_by_label("Your name").fill(name)
        page.get_by_label("Your email").fill(email)

    def place_order(self, page: Page, method: str = "Practice payment (no real money)") -> None:
        page.get_by_label(method).check()
        page.get_by_role("button", name=re.compile(r"^(Pay \$|Complete order)")).click()

    def pay_order(self, page: Page) -> None:
        """With a practice payment, which needs no other page."""
        self.place_order(page)
        self.expect_page(page, "Thank you")
