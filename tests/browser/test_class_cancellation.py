"""Ada cancels a class day for snow on her phone. She previews the refunds first, and everyone affected is emailed."""

from datetime import timedelta

from django.test import tag
from playwright.sync_api import Page

from billing.models import Refund
from classwork.models import ClassOffer
from mailroom.testing import send_all
from outbox.testing import run_all
from registrations.models import ClassCancellation, Registration
from tests.browser.phone import PHONE, PhoneTestCase
from tests.registrations import purchases


@tag("once")
class ClassDayCancellationTest(PhoneTestCase):
    def setUp(self) -> None:
        super().setUp()
        cart = purchases.cart((self.school.class_offer, purchases.me()), payer=self.school.alice)
        self.order = purchases.pay(purchases.place(cart))
        purchases.pay(
            purchases.place(
                purchases.cart((self.school.class_offer, purchases.me()), name="Ben", email="ben@example.org")
            )
        )

    def go_to_preview(self, page: Page) -> None:
        page.goto(f"/desk/classes/{self.school.class_offer.pk}/")
        page.get_by_role("link", name="Cancel days or class").click()
        self.expect_page(page, "Choose what to cancel")
        page.locator("[name=meeting]").nth(1).check()
        page.get_by_role("button", name="Next: compensation").click()
        self.expect_page(page, "Compensation")
        page.get_by_label("Extend the class: one more week for each canceled day").check()
        page.get_by_role("button", name="Next: preview").click()
        self.expect_page(page, "Preview")

    def test_canceled_class_day_is_made_up_and_refunded_to_one_student_as_an_exception(self) -> None:
        page = self.open_browser(self.school.ada, width=PHONE)
        self.go_to_preview(page)
        page.get_by_text("Total: no refund and no credit").wait_for()
        page.get_by_label("Exception for Ben").select_option("Refund")
        page.get_by_role("button", name="Recalculate").click()
        page.get_by_text("Refunded to the original payment method").wait_for()
        self.assertFalse(ClassCancellation.objects.exists())
        page.get_by_role("link", name="Back").click()
        self.expect_page(page, "Compensation")
        page.get_by_role("button", name="Next: preview").click()
        page.get_by_label("Exception for Ben").select_option("Refund")
        page.get_by_role("button", name="Recalculate").click()
        page.get_by_label("Reason").fill("Snow")
        page.get_by_role("button", name="Cancel 1 class day").click()
        page.get_by_text("Everyone affected is being emailed").wait_for()
        self.check_page(page)
        self.check_outcome()

    def test_class_below_its_minimum_enrollment_is_confirmed_at_the_desk(self) -> None:
        day = self.school.class_offer.meetings.get(number=1).local_date - timedelta(days=1)
        ClassOffer.objects.filter(pk=self.school.class_offer.pk).update(minimum_enrollment=5, decision_date=day)
        page = self.open_browser(self.school.ada, width=PHONE)
        page.goto(self.school.class_offer.get_absolute_url())
        page.get_by_text("Needs 5 sign-ups by").wait_for()
        page.goto("/desk/minimum/")
        page.get_by_text("2 of 5: 3 more to go").wait_for()
        page.locator("td summary").click()
        self.expect_page(page, "Minimum enrollment")
        page.get_by_label("Reason").fill("Worth it")
        page.get_by_role("button", name="Confirm class").click()
        page.get_by_text("is confirmed. Everyone registered is being emailed.").wait_for()
        page.goto("/desk/cancel/")
        self.expect_page(page, "Cancel classes")

    def check_outcome(self) -> None:
        self.assertEqual(Refund.objects.get().payment.order.payer_email, "ben@example.org")
        self.assertEqual(Registration.objects.live().count(), 2)
        self.assertEqual(self.school.class_offer.meetings.exclude(replacement_for=None).count(), 1)
        run_all()
        recipients = {mail.to[0] for mail in send_all() if "canceled on" in mail.subject}
        self.assertEqual(recipients, {"alice@example.org", "ben@example.org", "tess@example.org"})
