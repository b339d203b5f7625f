"""Registration in a browser, from the choice of classes to the last click."""

from typing import Any

from django.test import Client
from django.urls import reverse

from billing.models import OrderLine
from classwork.models import ClassOffer
from registrations.domain.line_details import AttendeeDetails
from tests.base import SchoolTestCase

URL = "/register/"


def submit(browser: Client, url: str, data: dict[str, Any]) -> Any:
    """Submit the form of a page. Return the page again if the form was refused, and otherwise the redirect."""
    answer = browser.post(url, data)
    return browser.get(url) if answer.status_code == 302 and answer.url == url else answer


def order_form(browser: Client, name: str, email: str, method: str = "practice") -> dict[str, Any]:
    """What a browser sends from the checkout page, with the prices that the page shows."""
    quote = browser.get(reverse("checkout")).context["summary"].quote
    prices = {"seen_now": quote.now.total, "seen_door": quote.door.total}
    return {"payer_name": name, "payer_email": email, "method": method, "terms": "on"} | prices


class RegistrationPagesTestCase(SchoolTestCase):
    def send(self, *who: str, client: Client | None = None, class_offer: ClassOffer | None = None, **more: Any) -> Any:
        """Return the form again if it was refused, and the redirect if not."""
        browser = client or self.client
        data = {"classes": [(class_offer or self.class_offer).pk], "who": list(who), "others": 0} | more
        return submit(browser, URL, data)

    def friend(self, number: int = 0, **typed: str) -> dict[str, str]:
        usual = {"first_name": "Lee", "last_name": "", "email": "lee@example.org"} | typed
        return {f"other-{number}-{name}": value for name, value in usual.items()} | {"others": str(number + 1)}

    def check_out(self, name: str = "Pat Payer", email: str = "pat@example.org", client: Client | None = None) -> Any:
        """From the checkout page to the last click; the answer to that."""
        browser = client or self.client
        return submit(browser, reverse("checkout"), order_form(browser, name, email))

    def lines(self) -> list[AttendeeDetails]:
        return [AttendeeDetails.from_line(line) for line in OrderLine.objects.order_by("pk")]
