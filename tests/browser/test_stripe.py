"""Paying with Stripe on a phone: our pages, the pages of the fake Stripe, and the way back."""

from decimal import Decimal
from unittest.mock import patch

from django.test import override_settings
from payments import core
from playwright.sync_api import Page

from billing.models import Order, Payment
from outbox.testing import delivery_problems, run_all
from registrations.models import Registration
from tests.billing.stripe import GOOD, stripe_variants
from tests.browser.base import BrowserTestCase
from tests.fakes.stripe_server import stripe_server
from tests.registrations.purchases import cart, me, place

DECLINED, BANK_ASKS = "4000 0000 0000 0002", "4000 0000 0000 3220"
PAY = "Pay $65.00 · Card, Apple Pay or bank"


class StripePaymentTest(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.fake = self.enterContext(stripe_server())
        self.allowed_urls = (self.fake.url,)
        self.fake.send_webhooks_to(f"{self.live_server_url}/payments/process/stripe/")
        changed = {"PAYMENT_VARIANTS": stripe_variants(self.fake.url), "SITE_URL": self.live_server_url}
        self.enterContext(override_settings(**changed))
        self.enterContext(patch.dict(core.PROVIDER_CACHE, clear=True))

    def tearDown(self) -> None:
        self.assertEqual(self.fake.api.violations, [])
        self.assertEqual(delivery_problems(), [])
        super().tearDown()

    def expect_page(self, page: Page, heading: str) -> None:
        page.get_by_role("heading", name=heading, level=1).wait_for()
        self.check_page(page)
        self.assertFalse(self.problems, "\n" + "\n".join(self.problems))

    def place_order_and_open_stripe(self) -> Page:
        """Place an order and open Stripe's page on a phone."""
        self.order = place(cart((self.school.class_offer, me())))
        page = self.open_browser(width=390)
        page.goto(self.order.address())
        page.get_by_role("button", name=PAY).click()
        self.expect_page(page, "Pay with Stripe")
        return page

    def pay_by_card(self, page: Page, number: str) -> None:
        page.get_by_label("Card number").fill(number)
        page.get_by_role("button", name="Pay 65.00 USD").click()

    def run_webhook_jobs(self) -> None:
        """Check that all Stripe webhooks have arrived, and run the jobs that follow."""
        self.assertTrue(self.fake.webhooks.idle())
        run_all()

    def payment(self) -> Payment:
        return self.order.payments.get()

    def registration_state(self) -> str:
        return Registration.objects.get().state

    def refund_at_the_desk(self, amount: str) -> None:
        desk = self.open_browser(self.school.ada)
        desk.goto(f"/desk/orders/{self.order.pk}/")
        desk.locator("summary", has_text="Refund").click()
        form = desk.locator("details", has_text="Refund")
        form.get_by_label("Amount").fill(amount)
        form.get_by_label("Reason").fill("The hall was cold.")
        form.get_by_role("button", name="Refund").click()
        desk.wait_for_load_state()
        self.run_webhook_jobs()

    def test_card_payment_is_partially_refunded_and_the_spot_stays_confirmed(self) -> None:
        page = self.place_order_and_open_stripe()
        self.pay_by_card(page, GOOD)
        self.expect_page(page, "Thank you")
        self.run_webhook_jobs()
        self.assertEqual((self.registration_state(), self.payment().fee), ("confirmed", Decimal("2.18")))
        self.refund_at_the_desk("12.50")
        [refund] = self.fake.books.every("refund")
        self.assertEqual((refund["amount"], self.payment().refunds.get().transaction_id), (1250, refund["id"]))
        self.assertEqual((self.payment().refunded_amount, self.registration_state()), (Decimal("12.50"), "confirmed"))

    def test_order_is_paid_after_a_declined_card_and_a_refused_bank_authentication(self) -> None:
        page = self.place_order_and_open_stripe()
        self.pay_by_card(page, DECLINED)
        page.get_by_text("Your card was declined.").wait_for()
        self.pay_by_card(page, BANK_ASKS)
        self.expect_page(page, "Your bank asks")
        page.get_by_role("button", name="No", exact=True).click()
        page.get_by_text("We are unable to authenticate").wait_for()
        self.pay_by_card(page, BANK_ASKS)
        page.get_by_role("button", name="Yes, it is me").click()
        self.expect_page(page, "Thank you")
        self.run_webhook_jobs()
        self.assertEqual((self.registration_state(), Order.objects.get().state), ("confirmed", "paid"))

    def test_payer_who_goes_back_without_paying_can_start_another_payment(self) -> None:
        page = self.place_order_and_open_stripe()
        page.get_by_role("link", name="Go back without paying").click()
        self.expect_page(page, "Your payment didn’t go through")
        self.assertEqual(self.registration_state(), "held")
        page.get_by_role("button", name=PAY).click()
        self.pay_by_card(page, GOOD)
        self.expect_page(page, "Thank you")
        self.assertEqual(len(self.fake.books.every("checkout.session")), 2)

    def test_bank_debit_confirms_the_spot_only_if_the_bank_pays(self) -> None:
        for good, state in ((False, "held"), (True, "confirmed")):
            page = self.place_order_and_open_stripe()
            page.get_by_role("button", name="Pay by bank debit").click()
            self.expect_page(page, "Payment processing")
            self.fake.books.settle(self.payment().session, good=good)
            self.run_webhook_jobs()
            page.reload()
            self.expect_page(page, "Thank you" if good else "Your payment didn’t go through")
            self.assertEqual(self.registration_state(), state)
            Registration.objects.all().delete()

    def test_dispute_puts_the_spot_on_hold_until_it_is_won(self) -> None:
        page = self.place_order_and_open_stripe()
        self.pay_by_card(page, GOOD)
        self.expect_page(page, "Thank you")
        self.run_webhook_jobs()
        dispute = self.fake.books.dispute(self.payment().transaction_id)
        self.run_webhook_jobs()
        self.assertEqual(self.registration_state(), "on_hold")
        self.fake.books.close_dispute(dispute["id"], won=True)
        self.run_webhook_jobs()
        self.assertEqual(self.registration_state(), "confirmed")

    def test_content_policy_allows_the_redirect_from_checkout_to_stripe(self) -> None:
        """If a form leads to a redirect, Chromium applies the content policy of the page that contains the form."""
        page = self.open_browser(self.school.alice, width=390)
        page.goto(f"{self.school.class_offer.get_absolute_url()}")
        page.get_by_role("link", name="Register", exact=True).click()
        page.get_by_role("button", name="Continue", exact=True).last.click()
        page.get_by_label("Card, Apple Pay or bank").check()
        page.get_by_role("button", name="Pay $65.00", exact=True).click()
        self.expect_page(page, "Pay with Stripe")
