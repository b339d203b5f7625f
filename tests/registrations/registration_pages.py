"""Registration in a browser, from the choice of classes to the last click."""

from typing import Any

from django.test import Client
from django.urls import reverse

from billing.models import OrderLine
from classwork.models import ClassOffer
from registrations.domain.line_details import AttendeeDetails
from tests.base import SchoolTestCase

URL = "/register/"


class RegistrationPagesTestCase(SchoolTestCase):
    def send(self, *who: str, client: Client | None = None, class_offer: ClassOffer | None = None, **more: Any) -> Any:
        data = {"classes": [(class_offer or self.class_offer).pk], "who": list(who), "others": 0} | more
        return (client or self.client).post(URL, data)

    def friend(self, number: int = 0, **typed: str) -> dict[str, str]:
        usual = {"first_name": "Lee", "last_name": "", "email": "lee@example.org"} | typed
        return {f"other-{number}-{name}": value for name, value in usual.items()} | {"others": str(number + 1)}

    def check_out(self, name: str = "Pat Payer", email: str = "pat@example.org", client: Client | None = None) -> Any:
        """From who pays to the last click; the answer to that."""
        browser = client or self.client
        browser.post(reverse("checkout"), {"payer_name": name, "payer_email": email})
        review = browser.get(reverse("checkout_review"))
        quote = review.context["summary"].quote
        data = {"seen_now": quote.now.total, "seen_door": quote.door.total, "method": "practice", "terms": "on"}
        return browser.post(reverse("checkout_review"), data)

    def lines(self) -> list[AttendeeDetails]:
        return [AttendeeDetails.from_line(line) for line in OrderLine.objects.order_by("pk")]
