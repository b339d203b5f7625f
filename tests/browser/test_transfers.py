"""Alice moves from the Tuesday class to the Thursday class, and then transfers her spot to someone else."""

from datetime import time

from mailroom.testing import send_all
from registrations.models import Registration
from tests import factories
from tests.browser.phone import PhoneTestCase
from tests.registrations import purchases


class MoveAndTransferTest(PhoneTestCase):
    def registrations(self) -> list[tuple[str, str, str]]:
        found = Registration.objects.order_by("pk").select_related("student", "class_offer")
        return [(str(one.student), one.class_offer.weekday, one.state) for one in found]

    def test_student_moves_to_another_class_pays_the_difference_and_transfers_the_spot(self) -> None:
        factories.create_class_offer(
            self.school.session, factories.create_subject(version="B"), self.school.tess.staff,
            class_day=3, start_time=time(20), location=self.school.hall, price=90,
        )  # fmt: skip
        purchases.pay(
            purchases.place(purchases.cart((self.school.class_offer, purchases.me()), payer=self.school.alice))
        )
        page = self.phone(self.school.alice)
        page.goto("/user/classes/")
        page.get_by_role("link", name="Move to another class").click()
        self.expect_page(page, "Move to another class")
        page.get_by_text("$20.00 to pay").wait_for()
        page.get_by_role("link", name="Choose").click()
        self.expect_page(page, "Move to Beginning B")
        page.get_by_text("You paid").wait_for()
        page.get_by_role("button", name="Move and pay").click()
        page.get_by_text("Your new spot is reserved. You keep your old spot until you’ve paid.").wait_for()
        self.check_page(page)
        self.assertEqual(self.registrations()[0], ("Alice Arden", "Tuesday", "confirmed"))
        page.get_by_role("button", name="Practice payment (no real money)").click()
        self.expect_page(page, "Thank you")
        moved = [("Alice Arden", "Tuesday", "transferred"), ("Alice Arden", "Thursday", "confirmed")]
        self.assertEqual(self.registrations(), moved)
        send_all()
        page.goto("/user/classes/")
        self.expect_page(page, "My classes")
        page.get_by_role("link", name="Transfer to someone else").click()
        self.expect_page(page, "Transfer the spot to someone else")
        page.get_by_label("First name").fill("Lee")
        page.get_by_label("Their email").fill("lee@example.org")
        page.get_by_role("button", name="Transfer the spot").click()
        page.get_by_text("The spot was transferred to Lee").wait_for()
        self.check_page(page)
        self.assertIn("lee@example.org", [one.to[0] for one in send_all()])
        self.assertEqual(self.registrations()[-1], ("Lee", "Thursday", "confirmed"))
