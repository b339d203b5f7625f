"""What a customer sees in each state between choosing a class and paying the order. Each page is checked on the way."""

import re
from datetime import time
from unittest.mock import patch

from django.conf import settings
from django.test import override_settings
from payments.core import PROVIDER_CACHE
from playwright.sync_api import Page

from billing.models import DiscountCode, Order, Refund, Voucher
from outbox.testing import run_all
from registrations.models import Registration
from tests import factories
from tests.billing.paypal import paypal_variants
from tests.billing.stripe import GOOD, stripe_variants
from tests.browser.phone import PhoneTestCase
from tests.fakes.paypal_server import paypal_server
from tests.fakes.stripe_server import stripe_server
from tests.registrations import purchases

DECLINED = "4000 0000 0000 0002"
TO_PAY = re.compile(r"^1 order to pay, until (\w+, \w+ \d+, (\d{4}, )?)?\d+:\d\d [AP]M$")


class CustomerTestCase(PhoneTestCase):
    def go_to_review(self, page: Page) -> None:
        """Go to the review step with one class, without an account."""
        self.start_registration(page)
        self.press_continue(page)
        self.enter_payer(page)

    def count_orders(self) -> int:
        return Order.objects.placed().count()

    def open_unpaid_order(self, page: Page, heading: str) -> None:
        """Open the unpaid order with one tap."""
        page.get_by_role("link", name=TO_PAY).click()
        self.expect_page(page, heading)


class StripeCheckoutTest(CustomerTestCase):
    """Stripe's page, and everything that can happen there."""

    def setUp(self) -> None:
        super().setUp()
        self.fake = self.enterContext(stripe_server())
        self.allowed_urls = (self.fake.url,)
        changed = {"PAYMENT_VARIANTS": stripe_variants(self.fake.url), "SITE_URL": self.live_server_url}
        self.enterContext(override_settings(**changed))
        self.enterContext(patch.dict(PROVIDER_CACHE, clear=True))

    def open_stripe(self) -> Page:
        page = self.phone()
        self.go_to_review(page)
        page.get_by_label("Card, Apple Pay or bank").check()
        page.get_by_role("button", name="Pay $65.00", exact=True).click()
        self.expect_page(page, "Pay with Stripe")
        return page

    def order_heading(self) -> str:
        return f"Order {Order.objects.placed().get().number}"

    def test_back_button_on_the_stripe_page_leads_to_the_unpaid_order(self) -> None:
        page = self.open_stripe()
        page.go_back()
        self.expect_page(page, self.order_heading())
        page.goto("/")
        self.open_unpaid_order(page, self.order_heading())
        page.get_by_role("button", name="Pay $65.00 · Card, Apple Pay or bank").click()
        self.expect_page(page, "Pay with Stripe")
        self.assertEqual(len(self.fake.books.every("checkout.session")), 1)

    def test_every_page_links_to_the_unpaid_order_after_the_tab_is_closed(self) -> None:
        page = self.open_stripe()
        other = page.context.new_page()
        self.scripts[other] = True
        page.close()
        for path in ("/", "/classes/", "/cart/", "/contact/"):
            other.goto(path)
            self.open_unpaid_order(other, self.order_heading())

    def test_declined_card_is_reported_and_the_order_can_still_be_paid(self) -> None:
        page = self.open_stripe()
        page.get_by_label("Card number").fill(DECLINED)
        page.get_by_role("button", name="Pay 65.00 USD").click()
        page.get_by_text("Your card was declined.").wait_for()
        page.get_by_role("link", name="Go back without paying").click()
        self.expect_page(page, "Your payment didn’t go through")
        page.get_by_role("button", name="Pay $65.00 · Card, Apple Pay or bank").wait_for()

    def test_processing_bank_debit_does_not_ask_for_a_second_payment(self) -> None:
        page = self.open_stripe()
        page.get_by_role("button", name="Pay by bank debit").click()
        self.expect_page(page, "Payment processing")
        page.get_by_text(self.order_heading()).wait_for()
        self.assertEqual(page.get_by_role("button", name="Pay $65.00").count(), 0)
        self.assertEqual(page.get_by_role("link", name="order to pay").count(), 0)

    def test_double_click_creates_one_order_and_one_payment(self) -> None:
        page = self.phone()
        self.go_to_review(page)
        page.get_by_label("Card, Apple Pay or bank").check()
        page.get_by_role("button", name="Pay $65.00", exact=True).dblclick()
        self.expect_page(page, "Pay with Stripe")
        self.assertEqual((self.count_orders(), len(self.fake.books.every("checkout.session"))), (1, 1))

    def test_thank_you_page_can_be_reloaded_and_shows_no_order_to_pay(self) -> None:
        page = self.open_stripe()
        page.get_by_label("Card number").fill(GOOD)
        page.get_by_role("button", name="Pay 65.00 USD").click()
        self.expect_page(page, "Thank you")
        page.reload()
        self.expect_page(page, "Thank you")
        self.assertEqual(page.get_by_role("link", name="order to pay").count(), 0)


class PayPalCheckoutTest(CustomerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.fake = self.enterContext(paypal_server())
        self.allowed_urls = (f"{self.fake.url}/checkoutnow",)
        changed = settings.PAYMENT_VARIANTS | paypal_variants(self.fake)
        self.enterContext(override_settings(PAYMENT_VARIANTS=changed, SITE_URL=self.live_server_url))
        self.enterContext(patch.dict(PROVIDER_CACHE, clear=True))

    def test_order_is_paid_after_a_canceled_and_a_declined_payment(self) -> None:
        page = self.phone()
        self.go_to_review(page)
        page.get_by_label("PayPal").check()
        page.get_by_role("button", name="Pay $65.00", exact=True).click()
        for answer, heading in (
            ("Cancel and go back", "Your payment didn’t go through"),
            ("Pay with a card that is declined", "Your payment didn’t go through"),
            ("Pay now", "Thank you"),
        ):
            self.expect_page(page, "Pay with PayPal (imitation)")
            page.get_by_role("button", name=answer).click()
            self.expect_page(page, heading)
            if heading != "Thank you":
                self.assertEqual(page.get_by_role("link", name=TO_PAY).count(), 1)
                page.get_by_role("button", name="PayPal").first.click()
        self.assertEqual((self.count_orders(), Order.objects.placed().get().state), (1, "paid"))


class CheckoutTest(CustomerTestCase):
    def test_second_tab_leads_to_the_order_placed_in_the_first(self) -> None:
        page = self.phone()
        self.go_to_review(page)
        other = page.context.new_page()
        self.scripts[other] = True
        other.goto("/checkout/")
        self.enter_payer(other)
        self.pay_order(page)
        self.place_order(other)
        self.expect_page(other, f"Order {Order.objects.placed().get().number}")
        self.assertEqual(self.count_orders(), 1)

    def test_discount_code_for_another_class_names_that_class_and_stays_in_the_field(self) -> None:
        other = factories.create_class_offer(
            self.school.session, factories.create_subject(version="B"), class_day=4, start_time=time(18)
        )
        DiscountCode.objects.create(code="thursday", percent=10, kind="class", product_id=other.pk)
        page = self.phone()
        self.go_to_review(page)
        for text, message in (
            ("thursday", "This code is for Beginning B. Add it to your cart to use the code."),
            ("nonsense", "That code isn’t valid for this order."),
        ):
            page.get_by_label("Discount code or gift voucher").fill(text)
            page.get_by_role("button", name="Apply").click()
            page.get_by_text(message).first.wait_for()
            self.assertEqual(page.get_by_label("Discount code or gift voucher").input_value(), text)
            self.assertEqual(page.get_by_label("Your name").input_value(), "Pat Payer")
            self.expect_page(page, "Your order")
        self.pay_order(page)
        self.assertEqual(self.count_orders(), 1)

    def test_duplicate_registration_is_shown_only_in_the_browser_that_made_the_first(self) -> None:
        first = self.phone()
        self.go_to_review(first)
        self.pay_order(first)
        self.go_to_review_again(first)
        first.get_by_text("You already ordered Beginning A for Pat Payer in order").wait_for()
        stranger = self.phone()
        self.go_to_review(stranger)
        self.assertEqual(stranger.get_by_text("already").count(), 0)

    def go_to_review_again(self, page: Page) -> None:
        """Go to the review step once more; the browser session remembers the payer."""
        self.start_registration(page)
        self.press_continue(page)
        self.expect_page(page, "Your order")

    def test_gift_voucher_is_bought_opened_and_redeemed(self) -> None:
        page = self.phone()
        page.goto("/vouchers/")
        page.get_by_label("$100.00").check()
        page.get_by_role("button", name="Add to cart").click()
        page.get_by_role("link", name="Check out").click()
        self.enter_payer(page)
        self.pay_order(page)
        run_all()
        page.goto(Voucher.objects.get().address)
        self.expect_page(page, "Gift voucher")
        code = page.locator(".voucher-code").inner_text()
        rae = self.phone()
        self.start_registration(rae)
        self.press_continue(rae)
        self.enter_payer(rae, "Rae Ray", "rae@example.org")
        rae.get_by_label("Discount code or gift voucher").fill(code)
        rae.get_by_role("button", name="Apply").click()
        rae.get_by_text("Nothing is left to pay.").wait_for()
        rae.get_by_role("button", name="Complete order").click()
        rae.get_by_text("Your order is paid in full.").wait_for()
        page.reload()
        page.get_by_text("$35.00 is left on this voucher.").wait_for()

    def test_order_page_reports_the_cancellation_of_one_of_two_classes_and_the_refund(self) -> None:
        other = factories.create_class_offer(
            self.school.session, factories.create_subject(version="B"), class_day=4, start_time=time(18)
        )
        alice = self.school.alice
        order = purchases.pay(
            purchases.place(
                purchases.cart(*((each, purchases.me()) for each in (self.school.class_offer, other)), payer=alice)
            )
        )
        page = self.phone(alice)
        page.goto(order.lines.get(product_id=other.pk).cancel_address)
        self.expect_page(page, "Cancel Beginning B")
        page.get_by_role("button", name="Yes, cancel").click()
        self.expect_page(page, f"Order {order.number}")
        refund = Refund.objects.get().amount
        self.assertEqual(
            page.locator(".messages").inner_text(),
            f"Your spot in Beginning B is canceled. Refund of ${refund:.2f} started.",
        )
        self.assertEqual(page.get_by_text("Thank you").count(), 0)

    def test_two_people_register_and_pay_without_scripts(self) -> None:
        page = self.open_browser(width=390, javascript=False)
        page.goto(self.school.class_offer.get_absolute_url())
        page.get_by_role("link", name="Register", exact=True).click()
        page.get_by_role("button", name="Add another person").click()
        page.get_by_label("First name").fill("Lee")
        page.get_by_label("Their email").fill("lee@example.org")
        self.press_continue(page)
        page.get_by_label("Your name").fill("Pat Payer")
        page.get_by_label("Your email").fill("pat@example.org")
        page.get_by_role("button", name="Complete order").click()
        page.get_by_role("heading", name="Thank you", level=1).wait_for()
        states = Registration.objects.order_by("student__first_name").values_list("student__first_name", "state")
        self.assertEqual(list(states), [("Lee", "confirmed"), ("Pat", "confirmed")])

    def test_class_can_be_ordered_with_the_keyboard_alone(self) -> None:
        page = self.open_browser()
        page.goto(self.school.class_offer.get_absolute_url())
        self.tab_to_and_press(page, "Register")
        page.get_by_role("heading", name="Register", level=1).wait_for()
        self.tab_to_and_press(page, "Continue")
        page.get_by_role("heading", name="Your order", level=1).wait_for()
        self.tab_to(page, "Your name")
        page.keyboard.type("Pat Payer")
        self.tab_to(page, "Your email")
        page.keyboard.type("pat@example.org")
        self.tab_to_and_press(page, "Pay $65.00")
        page.get_by_role("heading", name="Thank you", level=1).wait_for()

    def tab_to(self, page: Page, name: str) -> None:
        """Press Tab until this element has a visible focus."""
        for _ in range(40):
            page.keyboard.press("Tab")
            focus = page.evaluate(FOCUS)
            if focus["name"] == name:
                self.assertTrue(focus["seen"], f"{page.url}: {name} has no visible focus")
                return
        self.fail(f"{page.url}: {name} was never reached by Tab")

    def tab_to_and_press(self, page: Page, name: str) -> None:
        self.tab_to(page, name)
        page.keyboard.press("Enter")


FOCUS = """() => {
    const here = document.activeElement, style = getComputedStyle(here);
    const label = here.labels?.[0]?.innerText ?? here.innerText ?? '';
    return {name: label.trim(), seen: style.outlineStyle !== 'none' || style.boxShadow !== 'none'};
}"""
