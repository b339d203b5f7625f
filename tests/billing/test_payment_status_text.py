"""The payment status text that payers read on the result page, on the order page and through links in mail."""

import re
from decimal import Decimal

from django.conf import settings
from django.http import HttpResponse
from django.test import override_settings
from django.utils import timezone

from billing.domain import status_text
from billing.domain.orders import transitions
from billing.domain.orders.payments_in_progress import GRACE
from billing.domain.payments import attempts, failure_mail, payment_status_text, webhooks
from billing.gateways.facts import AttemptExpired, PaymentCaptured, PaymentDeclined, PaymentPending
from billing.models import Order, PaymentIssue
from common.errors import NeedsPerson, PermanentFailure, TemporaryFailure
from mailroom.testing import send_all
from outbox.testing import run_all
from tests.billing.base import BillingTestCase
from tests.billing.toys import Toy, ToyKind
from tests.fakes.gateway import VARIANTS, FakeGateway


@override_settings(PAYMENT_VARIANTS=settings.PAYMENT_VARIANTS | VARIANTS)
class PaymentStatusTestCase(BillingTestCase):
    def setUp(self) -> None:
        super().setUp()
        FakeGateway.reset()

    def start_payment(self, **how: str) -> Order:
        order = self.place_new_order(1, **how)
        self.open_payment_page(order)
        return order

    def open_payment_page(self, order: Order) -> HttpResponse:
        return self.client.post(order.pay_address, {"method": "double"})

    def says(self, order: Order, fact: object) -> None:
        webhooks.process_webhook("double", FakeGateway.report_fact(order.payments.latest("pk"), fact))
        order.refresh_from_db()

    def assert_payment_status(self, order: Order, name: str, *sentences: str, can_pay: bool) -> None:
        """Check the status name and its sentences on the result pages and on the order page."""
        self.assertEqual(
            (
                payment_status_text.payment_text_of_order(order, self.current_time()).name,
                payment_status_text.payment_text_of_order(order, self.current_time()).can_pay,
            ),
            (name, can_pay),
        )
        for address in ("payment_fail", "payment_success", "order"):
            page = self.client.get(order.address(address))
            for sentence in sentences:
                self.assertContains(page, sentence)
            self.assertEqual("Pay $70.00 · Double" in page.content.decode(), can_pay, address)


class PaymentStatusTextTest(PaymentStatusTestCase):
    def test_declined_payment_shows_the_reason_and_offers_to_pay_again(self) -> None:
        order = self.start_payment()
        self.says(order, PaymentDeclined("Your card has expired."))
        self.assert_payment_status(order, "declined", "Your payment was declined.", "another card", can_pay=True)
        self.assertContains(self.client.get(order.address("payment_fail")), "Your card has expired.")

    def test_other_payment_methods_are_offered_only_after_the_open_payment_has_ended(self) -> None:
        order = self.start_payment()
        while_open = "Finish it, or cancel it to pay another way."
        self.assert_payment_status(order, "in_progress", while_open, can_pay=True)
        for name in ("order", "payment_fail"):
            self.assertNotContains(self.client.get(order.address(name)), "wasn’t completed")
        order.payments.update(session_until=self.current_time() - 2 * GRACE)
        self.assert_payment_status(order, "unfinished", "Try again or pick another payment method.", can_pay=True)

    def test_expired_attempt_says_that_it_timed_out_and_nothing_was_charged(self) -> None:
        order = self.start_payment()
        self.says(order, AttemptExpired())
        self.assert_payment_status(order, "attempt_expired", "timed out", "You haven’t been charged", can_pay=True)

    def test_pending_bank_payment_says_until_when_the_spots_are_reserved(self) -> None:
        order = self.start_payment()
        self.says(order, PaymentPending())
        until = status_text.moment_text(order.held_until, self.current_time())
        self.assert_payment_status(
            order, "processing", "usually take 3–5 days", f"reserved until {until}", can_pay=False
        )

    def test_pending_bank_payment_past_the_hold_says_that_the_spots_could_not_be_held(self) -> None:
        order = self.start_payment()
        self.says(order, PaymentPending())
        Order.objects.filter(pk=order.pk).update(held_until=self.time_in_days(-1))
        order.refresh_from_db()
        self.assert_payment_status(order, "processing", "couldn’t hold your spots that long", can_pay=False)

    def test_pending_bank_payment_for_a_pay_at_the_door_order_keeps_the_spots(self) -> None:
        order = self.start_payment(due=Order.Due.DOOR)
        self.says(order, PaymentPending())
        self.assert_payment_status(order, "processing", "Your spots are reserved.", can_pay=False)

    def test_unreachable_gateway_asks_the_payer_to_try_again_in_a_minute(self) -> None:
        order = self.place_new_order(1)
        FakeGateway.errors_before = [TemporaryFailure("The line is busy.")]
        self.assertSentTo(self.open_payment_page(order), order.address("payment_fail"))
        self.assert_payment_status(order, "unreachable", "couldn’t reach", "in a minute", can_pay=True)
        self.assertIn("https://pay.example.org/", self.open_payment_page(order).url)

    def test_gateway_that_refuses_the_payment_suggests_another_payment_method(self) -> None:
        for fault in (
            PermanentFailure("It takes no amounts as small as this."),
            NeedsPerson("Our account there is closed."),
        ):
            order = self.place_new_order(1)
            FakeGateway.errors_before = [fault]
            self.open_payment_page(order)
            self.assert_payment_status(order, "failed", "try another payment method", can_pay=True)

    def test_changed_amount_shows_the_old_and_the_new_amount(self) -> None:
        order = self.start_payment()
        order.payments.update(total=65)
        self.assert_payment_status(
            order, "amount_changed", "was $65.00 when you started to pay; it is $70.00 now", can_pay=True
        )

    def test_wrong_captured_amount_asks_the_payer_not_to_pay_again(self) -> None:
        order = self.start_payment()
        self.says(order, PaymentCaptured(Decimal(1), "USD", "money"))
        self.assert_payment_status(order, "wrong_amount", "Please don’t pay again", can_pay=False)

    def test_expired_order_says_that_the_spots_were_released(self) -> None:
        order = self.start_payment()
        transitions.expire_order(order, self.time_in_days(1))
        order.refresh_from_db()
        self.assert_payment_status(order, "order_expired", "the spots were released", "order again", can_pay=False)

    def test_partial_desk_payment_shows_the_received_and_the_remaining_amount(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        attempts.record_desk_payment(order, "cash", Decimal(30), by=self.ada, received_on=self.date_in_days())
        self.assertContains(self.client.get(order.address("payment_fail")), "received $30.00; $40.00 is still")

    def test_paid_order_with_an_unavailable_product_says_so(self) -> None:
        order = self.start_payment()
        ToyKind.catalogue.clear()
        self.says(order, PaymentCaptured(Decimal(70), "USD", "money"))
        self.assert_payment_status(order, "partly_fulfilled", "no longer available", can_pay=False)

    def test_canceled_order_says_that_nothing_is_due(self) -> None:
        order = self.start_payment()
        transitions.cancel_unpaid_order(order, at=self.now)
        self.assertContains(self.client.get(order.address("payment_fail")), "Nothing is due.")

    def test_order_switched_to_pay_at_the_door_no_longer_mentions_the_declined_payment(self) -> None:
        order = self.start_payment()
        self.says(order, PaymentDeclined("Your card has expired."))
        self.client.post(order.door_address)
        self.assertNotContains(self.client.get(order.address()), "was declined")

    def test_failure_page_lists_the_method_that_was_tried_first(self) -> None:
        order = self.start_payment()
        self.assertNotContains(self.client.get(order.address("payment_fail")), "· Practice")
        self.says(order, AttemptExpired())
        page = self.client.get(order.address("payment_fail")).content.decode()
        self.assertLess(page.index("· Double"), page.index("· Practice"))
        ToyKind.catalogue[1] = Toy("70", at_the_door=False)
        self.assertIn("at the door", page)
        self.assertNotIn("at the door", self.client.get(self.start_payment().address("payment_fail")).content.decode())


class PaymentMailLinkTest(PaymentStatusTestCase):
    """The links in the mails about a failed payment and about a hold that ends soon."""

    def link(self, order: Order, subject: str) -> str:
        run_all()
        failure_mail.release_failure_mails(timezone.now() + failure_mail.WAIT)
        (letter,) = [sent for sent in send_all() if subject in sent.subject]
        return re.findall(r"http://testserver(/payment/fail/\S+?)[)\s]", str(letter.body))[0]

    def link_in_failure_mail(self) -> str:
        order = self.start_payment()
        self.says(order, PaymentDeclined("Your card has expired."))
        return self.link(order, "didn’t go through")

    def test_link_in_failure_mail_works_without_login_and_leads_to_payment(self) -> None:
        link = self.link_in_failure_mail()
        self.client = self.client_class()
        page = self.client.get(link)
        self.assertContains(page, "Your card has expired.")
        action = re.findall(r'action="(/order/\d+/pay/\S+?)"', page.content.decode())[0].replace("&amp;", "&")
        self.assertIn("pay.example.org", self.client.post(action, {"method": "double"}).url)

    def test_link_in_failure_mail_works_for_another_logged_in_account(self) -> None:
        link = self.link_in_failure_mail()
        self.log_in(self.alice)
        self.assertContains(self.client.get(link), "Your card has expired.")

    def test_failure_page_without_its_key_is_not_found(self) -> None:
        link = self.link_in_failure_mail()
        self.client = self.client_class()
        self.assertEqual(self.client.get(link.split("?")[0]).status_code, 404)

    def test_pending_bank_payment_mail_says_what_happens_to_the_spots(self) -> None:
        for due, held_until, sentence in (
            (Order.Due.NOW, None, "Your spots are reserved until"),
            (Order.Due.DOOR, None, "Your spots are reserved."),
            (Order.Due.NOW, self.time_in_days(-1), "couldn’t hold your spots that long"),
        ):
            order = self.start_payment(due=due)
            if held_until:
                Order.objects.filter(pk=order.pk).update(held_until=held_until)
            self.says(order, PaymentPending())
            self.assertIn(sentence, str(send_all()[-1].body))

    def test_link_in_hold_reminder_leads_to_payment(self) -> None:
        order = self.place_new_order(1)
        transitions.remind_of_expiring_holds(order.held_until)
        self.assertContains(self.client.get(self.link(order, "are reserved until")), "Pay $70.00")

    def test_link_in_failure_mail_says_that_the_order_was_paid_since(self) -> None:
        link = self.link_in_failure_mail()
        order = Order.objects.get()
        self.says(order, PaymentCaptured(Decimal(70), "USD", "money"))
        self.assertContains(self.client.get(link), "We’ve received your payment")
        self.assertFalse(PaymentIssue.objects.exists())
