"""Whatever Stripe tells, in whatever order and however often, and whoever dies on the way: the same end, once."""

import logging
from decimal import Decimal

from django.test import tag
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from billing.domain import asking
from billing.models import Dispute, Payment, Refund
from outbox.testing import run_all
from tests.billing.stripe import GOOD, StripeTestCase
from tests.fakes.stripe_server.webhooks import Notice

Step = tuple[str, int, str]
STEPS = some.lists(
    some.tuples(
        some.sampled_from(["back", "told", "told", "worker", "bank"]),
        some.integers(0, 30),
        some.sampled_from(["", "", "before", "after", "drop"]),
    ),
    max_size=8,
)
QUICK = settings(max_examples=8, suppress_health_check=list(HealthCheck))


@tag("once")
class StripeLawsTest(StripeTestCase):
    """Each example is an order of its own; nothing is put back between them."""

    notices: list[Notice]

    def setUp(self) -> None:
        super().setUp()
        logging.disable(logging.ERROR)  # each answer that asks Stripe to tell it again
        self.addCleanup(logging.disable, logging.NOTSET)

    def go(self, payment: Payment, step: str, number: int, fault: str) -> None:
        if fault:
            self.fake.faults.order("*", fault, times=1 + number % 4)
        self.notices += self.fake.notices()
        if step == "back":
            payment.refresh_from_db()
            asking.returned(payment)
        elif step == "told" and self.notices:
            self.tell(self.notices[number % len(self.notices)])
        elif step == "worker":
            run_all(retries=True)
        elif step == "bank":
            self.settle(payment)
        self.fake.faults.clear()

    def tell(self, notice: Notice) -> int:
        headers = {"Stripe-Signature": notice.headers()["Stripe-Signature"]}
        where = "/payments/process/stripe/"
        answer = self.client.post(where, notice.body, content_type="application/json", headers=headers)
        self.assertIn(answer.status_code, (200, 409, 503))
        return answer.status_code

    def settle(self, payment: Payment) -> None:
        if self.books.find("payment_intent", self.intent(payment))["status"] == "processing":
            self.books.settle(payment.session, good=True)

    def end(self, payment: Payment) -> None:
        """Stripe repeats what was not taken, the worker works on, and the payer comes back at last."""
        self.settle(payment)
        asking.returned(Payment.objects.get(pk=payment.pk))
        for _ in range(2):
            self.notices += self.fake.notices()
            for notice in self.notices:
                self.tell(notice)
            run_all(retries=True)
        payment.refresh_from_db()
        payment.order.refresh_from_db()

    def begun(self) -> Payment:
        self.notices = []
        return self.attempt(self.placed(1))

    def test_money_that_came_is_there_once(self) -> None:
        @QUICK
        @given(some.booleans(), STEPS)
        def law(by_card: bool, steps: list[Step]) -> None:
            payment = self.begun()
            if by_card:
                self.books.pay(payment.session, GOOD)
            else:
                self.books.pay_from_bank(payment.session)
            for step in steps:
                self.go(payment, *step)
            self.end(payment)
            self.assertEqual((payment.status, payment.order.state), ("confirmed", "paid"))
            self.assertEqual((payment.captured_amount, payment.fee), (payment.total, Decimal("2.33")))
            self.assertEqual(self.told(payment.order).count("order_paid"), 1)

        law()

    def test_what_went_back_and_what_was_disputed_is_counted_once(self) -> None:
        @QUICK
        @given(some.lists(some.sampled_from([100, 250, 400]), max_size=3), some.booleans(), STEPS)
        def law(amounts: list[int], won: bool, steps: list[Step]) -> None:
            payment = self.begun()
            self.books.pay(payment.session, GOOD)
            for amount in amounts:
                self.books.refund({"payment_intent": self.intent(payment), "amount": amount})
            dispute = self.books.dispute(self.intent(payment))
            self.books.close_dispute(dispute["id"], won=won)
            for step in steps:
                self.go(payment, *step)
            self.end(payment)
            self.assertEqual(payment.refunds.filter(state=Refund.State.DONE, amount__lt=10).count(), len(amounts))
            self.assertEqual(payment.disputes.get().state, Dispute.State.WON if won else Dispute.State.LOST)
            back = Decimal(sum(amounts)) / 100 if won else payment.total
            self.assertEqual(payment.refunded_amount, back)

        law()

    def test_a_message_with_a_wrong_signature_is_refused_and_changes_nothing(self) -> None:
        payment = self.begun()
        self.books.pay(payment.session, GOOD)
        for notice in self.fake.notices():
            notice.endpoint["_secret"] = "whsec_other"
            headers = {"Stripe-Signature": notice.headers()["Stripe-Signature"]}
            where = "/payments/process/stripe/"
            answer = self.client.post(where, notice.body, content_type="application/json", headers=headers)
            self.assertEqual(answer.status_code, 400)
        payment.refresh_from_db()
        self.assertEqual(payment.status, "waiting")
