"""Paying with PayPal on a phone, against the fake PayPal: what the payer sees, and the resulting payments."""

from django.conf import settings
from django.test import override_settings
from payments.core import PROVIDER_CACHE
from playwright.sync_api import Page

from billing.models import Order
from outbox.testing import delivery_problems, run_all
from registrations.models import Registration
from tests.billing.paypal import paypal_variants, post_notices
from tests.browser.base import BrowserTestCase
from tests.fakes.paypal_server import PayPal, paypal_server
from tests.registrations import purchases

PHONE = 390


class PayPalPaymentTest(BrowserTestCase):
    fake: PayPal
    order: Order

    def setUp(self) -> None:
        super().setUp()
        self.fake = self.enterContext(paypal_server())
        self.allowed_urls = (f"{self.fake.url}/checkoutnow",)
        variants = settings.PAYMENT_VARIANTS | paypal_variants(self.fake)
        self.enterContext(override_settings(PAYMENT_VARIANTS=variants, SITE_URL=self.live_server_url))
        PROVIDER_CACHE.clear()
        self.addCleanup(PROVIDER_CACHE.clear)
        self.order = purchases.place(
            purchases.cart((self.school.class_offer, purchases.other("Pat", "pat@example.org", "Payer")))
        )

    def tearDown(self) -> None:
        self.assertEqual(self.fake.api.violations, [])
        self.assertEqual(delivery_problems(), [])
        super().tearDown()

    def expect_page(self, page: Page, heading: str) -> None:
        page.get_by_role("heading", name=heading, level=1).wait_for()
        self.check_page(page)
        self.assertFalse(self.problems, "\n" + "\n".join(self.problems))

    def open_paypal_from_order(self, page: Page) -> None:
        """Go to PayPal from the order's page."""
        page.goto(self.order.address())
        self.press_paypal(page)

    def press_paypal(self, page: Page) -> None:
        page.get_by_role("button", name="PayPal").click()
        self.expect_page(page, "Pay with PayPal (imitation)")

    def choose_at_paypal(self, page: Page, answer: str, then: str) -> None:
        page.get_by_role("button", name=answer).click()
        self.expect_page(page, then)

    def deliver_notices(self, times: int = 1) -> None:
        post_notices(self.fake, self.live_server_url, times=times)
        run_all()
        self.order.refresh_from_db()

    def registration_state(self) -> str:
        return Registration.objects.get().state

    def test_payment_reported_twice_is_recorded_once_and_partially_refunded_at_the_desk(self) -> None:
        page = self.open_browser(width=PHONE)
        self.open_paypal_from_order(page)
        self.choose_at_paypal(page, "Pay now", "Thank you")
        self.deliver_notices(times=2)
        self.assertEqual((self.order.state, self.registration_state()), ("paid", "confirmed"))
        self.assertEqual((self.order.payments.count(), len(self.fake.books.captures)), (1, 1))
        desk = self.open_browser(self.school.ada)
        desk.goto(f"/desk/orders/{self.order.pk}/")
        desk.locator("summary", has_text="Refund").click()
        desk.get_by_label("Amount").fill("5")
        desk.get_by_role("textbox", name="Reason").fill("The floor was wet")
        desk.get_by_role("button", name="Refund").click()
        self.deliver_notices(times=2)
        desk.reload()
        desk.get_by_text("$5.00 refunded").wait_for()
        (refund,) = self.fake.books.refunds.values()
        self.assertEqual((refund["amount"]["value"], self.registration_state()), ("5.00", "confirmed"))

    def test_payment_reported_before_the_payer_returns_is_captured_once(self) -> None:
        page = self.open_browser(width=PHONE)
        self.open_paypal_from_order(page)
        payment = self.order.payments.get()
        self.fake.books.approve(payment.session)
        self.deliver_notices()
        self.deliver_notices()
        self.assertEqual(self.order.state, "paid")
        page.goto(f"/payments/process/{payment.token}/?token=FORGED&PayerID=FORGED")
        self.expect_page(page, "Thank you")
        self.assertEqual(len(self.fake.books.captures), 1)

    def test_order_is_paid_with_another_card_after_one_is_declined(self) -> None:
        page = self.open_browser(width=PHONE)
        self.open_paypal_from_order(page)
        self.choose_at_paypal(page, "Pay with a card that is declined", "Your payment didn’t go through")
        page.get_by_text("could not take the money").wait_for()
        self.press_paypal(page)
        self.choose_at_paypal(page, "Pay now", "Thank you")
        self.deliver_notices()
        self.assertEqual((self.order.state, self.registration_state()), ("paid", "confirmed"))

    def test_payer_who_canceled_at_paypal_can_pay_on_a_second_try(self) -> None:
        page = self.open_browser(width=PHONE)
        self.open_paypal_from_order(page)
        self.choose_at_paypal(page, "Cancel and go back", "Your payment didn’t go through")
        self.assertEqual(self.order.payments.get().status, "cancelled")
        self.press_paypal(page)
        self.choose_at_paypal(page, "Pay now", "Thank you")
        self.assertEqual((len(self.fake.books.orders), self.registration_state()), (2, "confirmed"))

    def test_bank_payment_confirms_the_spot_when_settled_and_a_dispute_puts_it_on_hold(self) -> None:
        page = self.open_browser(width=PHONE)
        self.open_paypal_from_order(page)
        self.choose_at_paypal(page, "Pay from my bank", "Payment processing")
        self.deliver_notices()
        (capture,) = self.fake.books.captures
        self.fake.books.settle(capture)
        self.deliver_notices()
        self.assertEqual((self.order.state, self.registration_state()), ("paid", "confirmed"))
        dispute = self.fake.books.dispute(capture)["dispute_id"]
        self.deliver_notices()
        self.assertEqual(self.registration_state(), "on_hold")
        self.fake.books.resolve(dispute, "RESOLVED_SELLER_FAVOUR")
        self.deliver_notices(times=2)
        self.assertEqual(self.registration_state(), "confirmed")
        page.goto(self.order.address())
        self.expect_page(page, f"Order {self.order.number}")
