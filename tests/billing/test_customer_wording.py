"""The text that customers read when they cancel, fail to pay, fill in a form incorrectly or need a receipt."""

from datetime import timedelta

from django.http import HttpResponse
from django.template import Context
from django.template.loader import get_template
from django.test import override_settings
from django.utils import timezone

from accounting import mails as accounting_mails
from billing import mails
from billing.domain.orders import transitions
from billing.domain.payments import attempts, failure_mail
from billing.models import Order
from mailroom.models import Message
from outbox.testing import run_all
from tests.billing.base import BillingTestCase
from tests.billing.checkout import CheckoutTestCase
from tests.billing.toys import Toy, ToyKind
from tests.page_text import text_of

FAILED = "billing.payment_failed"


class CancellationQuoteTest(BillingTestCase):
    def test_quote_shows_each_deduction_from_price_to_refund(self) -> None:
        ToyKind.catalogue = {1: Toy("70", multi="12", percent_back="50"), 2: Toy("60", multi="10")}
        order = self.place_new_order(1, 2)
        self.pay_order(order)
        page = text_of(self.client.get(order.lines.get(product_id=1).cancel_address))
        quote = (
            "Price of Toy 1 $70.00 Multi-class discount no longer applies −$10.00 "
            "Kept under the cancellation policy: you get 50% back −$30.00 "
            "Your refund to Practice payment (no real money) $30.00"
        )
        self.assertIn(quote, page)
        self.assertEqual(page.count("$30.00"), 2)


class FailureMailTest(BillingTestCase):
    def decline_payment(self, order: Order) -> None:
        attempts.start_attempt(order, "practice", self.now).change_status("rejected", "No.")
        run_all()

    def mail_states(self) -> list[str]:
        return list(Message.objects.filter(template=FAILED).values_list("state", flat=True))

    def release_mails_after(self, minutes: int) -> None:
        Message.objects.update(changed_at=timezone.now() - timedelta(minutes=minutes))
        failure_mail.release_failure_mails()
        run_all()

    def test_failure_mail_is_sent_after_fifteen_minutes(self) -> None:
        self.decline_payment(self.place_new_order(1))
        self.release_mails_after(14)
        self.assertEqual(self.mail_states(), ["drafted"])
        self.release_mails_after(16)
        self.assertEqual(self.mail_states(), ["sent"])

    def test_failure_mail_is_suppressed_when_order_was_paid_meanwhile(self) -> None:
        order = self.place_new_order(1)
        self.decline_payment(order)
        self.pay_order(order)
        self.release_mails_after(16)
        self.assertEqual(self.mail_states(), ["suppressed"])

    def test_failure_mail_is_suppressed_when_order_has_expired(self) -> None:
        order = self.place_new_order(1)
        self.decline_payment(order)
        transitions.expire_order(order, self.time_in_days(1))
        self.release_mails_after(16)
        self.assertEqual(self.mail_states(), ["suppressed"])


class FormErrorsTest(CheckoutTestCase):
    def test_each_error_names_its_item_without_doubled_punctuation(self) -> None:
        ToyKind.catalogue = {1: Toy(asks_name=True), 2: Toy(asks_name=True)}
        self.put_in_cart(1, 2)
        page = text_of(self.submit_order(asked="1", follow=True))
        self.assertIn("Please check the following", page)
        for number in (1, 2):
            self.assertIn(f"Toy {number}: Whose toy is it? This field is required.", page)
        self.assertNotIn("?:", page)

    def test_price_page_lists_errors_at_the_top(self) -> None:
        with override_settings(CONSENT_VERSIONS="tests.billing.checkout.edition_three"):
            self.put_in_cart(1)
            page = self.submit_order(terms="", follow=True).content.decode()
        self.assertIn("I agree to the terms: This field is required.", page)
        self.assertLess(page.index("error-summary"), page.index("Price details"))


@override_settings(BUSINESS_ADDRESS="12 Hop Street, Seattle", BUSINESS_PHONE="206 555 0100", BUSINESS_TAX_ID="12-345")
class ReceiptTest(BillingTestCase):
    def receipt(self, order: Order) -> HttpResponse:
        return self.client.get(order.receipt_address)

    def test_receipt_has_everything_an_employer_needs(self) -> None:
        order = self.place_new_order(1)
        self.pay_order(order)
        page = text_of(self.receipt(order))
        day = timezone.localdate()
        for wanted in (
            "12 Hop Street, Seattle",
            "206 555 0100",
            "Tax ID 12-345",
            f"Receipt for order {order.number}",
            "Issued",
            "Billed to Pat Payer",
            "Paid by Practice payment",
            "Total $70.00 Paid $70.00 Balance due $0.00",
        ):
            self.assertIn(wanted, page)
        self.assertIn(f"{day.year}", page)

    def test_receipt_has_print_button(self) -> None:
        order = self.place_new_order(1)
        self.pay_order(order)
        self.assertContains(self.receipt(order), "data-prints")

    def test_receipt_omits_settings_left_empty(self) -> None:
        order = self.place_new_order(1)
        self.pay_order(order)
        with override_settings(BUSINESS_ADDRESS="", BUSINESS_PHONE="", BUSINESS_TAX_ID=""):
            page = text_of(self.receipt(order))
        self.assertIn("Paid by", page)
        self.assertNotIn("Tax ID", page)


class MailVoiceTest(BillingTestCase):
    def test_every_mail_to_a_payer_greets_by_first_name_and_begins_with_a_capital(self) -> None:
        for mail in mails.MAILS + accounting_mails.MAILS:
            if mail.name in ("billing.dispute", "accounting.differences"):
                continue
            with self.subTest(mail.name):
                text = get_template(mail.path).template.render(Context(mail.sample()))
                greeting, _, rest = text.partition("\n\n")[2].lstrip().partition("\n")
                self.assertRegex(greeting, r"^Hi \w+,$")
                self.assertRegex(rest.strip(), r"^[*\[]*[A-Z$“>]")
                self.assertNotRegex(text, r"(?i)\b(cancelled|place is|places are|goes back|comes back|in all|hello)\b")
