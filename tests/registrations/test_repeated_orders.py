"""A visitor who orders the same spot twice is warned from the orders of the same browser session only."""

from billing.models import Order
from tests.registrations.registration_pages import RegistrationPagesTestCase

TOLD = "You already ordered Beginning A for Pat Payer"


class RepeatedOrderTest(RegistrationPagesTestCase):
    def review(self, browser: object) -> str:
        self.send("me", client=browser)  # type: ignore[arg-type]
        page: str = browser.get("/checkout/").content.decode()  # type: ignore[attr-defined]
        return page

    def test_same_browser_is_warned_before_paying_for_the_same_order_again(self) -> None:
        self.send("me")
        self.check_out()
        order = Order.objects.placed().get()
        page = self.review(self.client)
        self.assertIn(f"{TOLD} in ", page)
        self.assertIn(f"order {order.number}", page)
        self.assertNotIn("disabled", page.partition("<main")[2])

    def test_other_browser_is_not_told_about_the_earlier_order(self) -> None:
        self.send("me")
        self.check_out()
        self.assertNotIn("already", self.review(self.browser_of(None)))

    def test_order_for_another_person_or_after_an_expired_one_is_not_a_repetition(self) -> None:
        self.send("me")
        self.check_out()
        self.assertIn(TOLD, self.review(self.client))
        self.client.post("/checkout/not-me/")
        self.assertNotIn("You already ordered", self.review(self.client))
        Order.objects.filter(state="placed").update(held_until="2020-01-01T00:00:00Z")
        self.assertNotIn("You already ordered", self.review(self.client))
