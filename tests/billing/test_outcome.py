"""What payers are told of their payment: by reason, on every page, and in the mails that lead back to it."""

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
from billing.models import Case, Order
from common.errors import NeedsPerson, PermanentFailure, TemporaryFailure
from mailroom.testing import send_all
from outbox.testing import run_all
from tests.billing.base import BillingTestCase
from tests.billing.toys import Toy, ToyKind
from tests.fakes.gateway import VARIANTS, Double


@override_settings(PAYMENT_VARIANTS=settings.PAYMENT_VARIANTS | VARIANTS)
class OutcomeCase(BillingTestCase):
    def setUp(self) -> None:
        super().setUp()
        Double.reset()

    def begun(self, **how: str) -> Order:
        order = self.placed(1, **how)
        self.begin(order)
        return order

    def begin(self, order: Order) -> HttpResponse:
        return self.client.post(order.pay_address, {"way": "double"})

    def says(self, order: Order, fact: object) -> None:
        webhooks.process_webhook("double", Double.says(order.payments.latest("pk"), fact))
        order.refresh_from_db()

    def assertTold(self, order: Order, name: str, *sentences: str, can_pay: bool) -> None:
        """On the result page, reloaded as often as they like, and on the page of the order."""
        self.assertEqual(
            (
                payment_status_text.payment_text_of_order(order, self.clock()).name,
                payment_status_text.payment_text_of_order(order, self.clock()).can_pay,
            ),
            (name, can_pay),
        )
        for address in ("payment_fail", "payment_success", "order"):
            page = self.client.get(order.address(address))
            for sentence in sentences:
                self.assertContains(page, sentence)
            self.assertEqual("Pay $70.00 · Double" in page.content.decode(), can_pay, address)


class ReasonTest(OutcomeCase):
    def test_declined(self) -> None:
        order = self.begun()
        self.says(order, PaymentDeclined("Your card has expired."))
        self.assertTold(order, "declined", "Your payment was declined.", "another card", can_pay=True)
        self.assertContains(self.client.get(order.address("payment_fail")), "Your card has expired.")

    def test_other_payment_methods_are_promised_only_once_the_open_payment_is_over(self) -> None:
        order = self.begun()
        while_open = "Finish it, or cancel it to pay another way."
        self.assertTold(order, "in_progress", while_open, can_pay=True)
        for name in ("order", "payment_fail"):
            self.assertNotContains(self.client.get(order.address(name)), "wasn’t completed")
        order.payments.update(session_until=self.clock() - 2 * GRACE)
        self.assertTold(order, "broken_off", "Try again or pick another payment method.", can_pay=True)

    def test_took_too_long_at_the_gateway(self) -> None:
        order = self.begun()
        self.says(order, AttemptExpired())
        self.assertTold(order, "expired", "timed out", "You haven’t been charged", can_pay=True)

    def test_a_bank_that_needs_days_and_the_places_are_kept(self) -> None:
        order = self.begun()
        self.says(order, PaymentPending())
        until = status_text.moment_text(order.held_until, self.clock())
        self.assertTold(order, "on_its_way", "usually take 3–5 days", f"reserved until {until}", can_pay=False)

    def test_a_bank_that_needs_longer_than_places_are_kept(self) -> None:
        order = self.begun()
        self.says(order, PaymentPending())
        Order.objects.filter(pk=order.pk).update(held_until=self.day(-1))
        order.refresh_from_db()
        self.assertTold(order, "on_its_way", "couldn’t hold your spots that long", can_pay=False)

    def test_a_bank_that_needs_days_for_what_is_paid_later_anyway(self) -> None:
        order = self.begun(due=Order.Due.DOOR)
        self.says(order, PaymentPending())
        self.assertTold(order, "on_its_way", "Your spots are reserved.", can_pay=False)

    def test_a_gateway_that_cannot_be_reached(self) -> None:
        order = self.placed(1)
        Double.trouble = [TemporaryFailure("The line is busy.")]
        self.assertSentTo(self.begin(order), order.address("payment_fail"))
        self.assertTold(order, "unreachable", "couldn’t reach", "in a minute", can_pay=True)
        self.assertIn("https://pay.example.org/", self.begin(order).url)

    def test_a_gateway_that_will_not_have_it(self) -> None:
        for fault in (
            PermanentFailure("It takes no amounts as small as this."),
            NeedsPerson("Our account there is closed."),
        ):
            order = self.placed(1)
            Double.trouble = [fault]
            self.begin(order)
            self.assertTold(order, "broken", "try another payment method", can_pay=True)

    def test_the_amount_changed_while_they_were_away(self) -> None:
        order = self.begun()
        order.payments.update(total=65)
        self.assertTold(order, "changed", "was $65.00 when you started to pay; it is $70.00 now", can_pay=True)

    def test_another_amount_was_taken(self) -> None:
        order = self.begun()
        self.says(order, PaymentCaptured(Decimal(1), "USD", "money"))
        self.assertTold(order, "wrong_amount", "Please don’t pay again", can_pay=False)

    def test_the_time_for_paying_is_over(self) -> None:
        order = self.begun()
        transitions.expire_order(order, self.day(1))
        order.refresh_from_db()
        self.assertTold(order, "lapsed", "the spots were released", "order again", can_pay=False)

    def test_paid_in_part_at_the_desk(self) -> None:
        order = self.placed(1, due=Order.Due.DOOR)
        attempts.record_desk_payment(order, "cash", Decimal(30), by=self.ada, received_on=self.local_day())
        self.assertContains(self.client.get(order.address("payment_fail")), "received $30.00; $40.00 is still")

    def test_paid_though_something_could_not_be_given(self) -> None:
        order = self.begun()
        ToyKind.catalogue.clear()
        self.says(order, PaymentCaptured(Decimal(70), "USD", "money"))
        self.assertTold(order, "partly", "no longer available", can_pay=False)

    def test_cancelled(self) -> None:
        order = self.begun()
        transitions.cancel_unpaid_order(order, at=self.now)
        self.assertContains(self.client.get(order.address("payment_fail")), "Nothing is due.")

    def test_who_then_chose_the_door_reads_no_more_of_it_on_the_order(self) -> None:
        order = self.begun()
        self.says(order, PaymentDeclined("Your card has expired."))
        self.client.post(order.door_address)
        self.assertNotContains(self.client.get(order.address()), "was declined")

    def test_the_way_that_was_tried_comes_first_and_the_others_are_there(self) -> None:
        order = self.begun()
        self.assertNotContains(self.client.get(order.address("payment_fail")), "· Practice")
        self.says(order, AttemptExpired())
        page = self.client.get(order.address("payment_fail")).content.decode()
        self.assertLess(page.index("· Double"), page.index("· Practice"))
        ToyKind.catalogue[1] = Toy("70", at_the_door=False)
        self.assertIn("at the door", page)
        self.assertNotIn("at the door", self.client.get(self.begun().address("payment_fail")).content.decode())


class LinkTest(OutcomeCase):
    """The links in “payment failed” and “your places are kept a little longer”."""

    def link(self, order: Order, subject: str) -> str:
        run_all()
        failure_mail.release_failure_mails(timezone.now() + failure_mail.WAIT)
        (letter,) = [one for one in send_all() if subject in one.subject]
        return re.findall(r"http://testserver(/payment/fail/\S+?)[)\s]", str(letter.body))[0]

    def failed(self) -> str:
        order = self.begun()
        self.says(order, PaymentDeclined("Your card has expired."))
        return self.link(order, "didn’t go through")

    def test_a_stranger_comes_to_the_page_that_says_why_and_pays_there(self) -> None:
        link = self.failed()
        self.client = self.client_class()
        page = self.client.get(link)
        self.assertContains(page, "Your card has expired.")
        action = re.findall(r'action="(/order/\d+/pay/\S+?)"', page.content.decode())[0].replace("&amp;", "&")
        self.assertIn("pay.example.org", self.client.post(action, {"way": "double"}).url)

    def test_so_does_whoever_is_logged_in(self) -> None:
        link = self.failed()
        self.log_in(self.alice)
        self.assertContains(self.client.get(link), "Your card has expired.")

    def test_without_the_key_there_is_no_such_page(self) -> None:
        link = self.failed()
        self.client = self.client_class()
        self.assertEqual(self.client.get(link.split("?")[0]).status_code, 404)

    def test_a_bank_that_needs_days_is_written_about_whatever_becomes_of_the_places(self) -> None:
        """Also for what is paid later, and for what had lapsed."""
        for due, held_until, sentence in (
            (Order.Due.NOW, None, "Your spots are reserved until"),
            (Order.Due.DOOR, None, "Your spots are reserved."),
            (Order.Due.NOW, self.day(-1), "couldn’t hold your spots that long"),
        ):
            order = self.begun(due=due)
            if held_until:
                Order.objects.filter(pk=order.pk).update(held_until=held_until)
            self.says(order, PaymentPending())
            self.assertIn(sentence, str(send_all()[-1].body))

    def test_before_the_hold_ends(self) -> None:
        order = self.placed(1)
        transitions.remind_of_expiring_holds(order.held_until)
        self.assertContains(self.client.get(self.link(order, "are reserved until")), "Pay $70.00")

    def test_after_it_was_paid_the_link_says_so(self) -> None:
        link = self.failed()
        order = Order.objects.get()
        self.says(order, PaymentCaptured(Decimal(70), "USD", "money"))
        self.assertContains(self.client.get(link), "We’ve received your payment")
        self.assertFalse(Case.objects.exists())
