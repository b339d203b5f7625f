"""Any sequence of Stripe webhooks, polls and crashes ends in the same state and counts everything once."""

from decimal import Decimal

from django.test import tag
from hypothesis import given
from hypothesis import strategies as st

from billing.models import Dispute, Payment, Refund
from tests.billing.gateway_properties import QUICK, GatewayPropertiesTestCase, Step, step_lists
from tests.billing.stripe import GOOD, StripeTestCase
from tests.fakes.stripe_server.webhooks import Notice


@tag("once", "long")
class StripeLawsTest(StripeTestCase, GatewayPropertiesTestCase):
    variant = "stripe"

    def signature_headers(self, notice: Notice) -> dict[str, str]:
        return notice.headers()

    def settle_bank_payment(self, payment: Payment) -> None:
        if self.books.find("payment_intent", self.intent_of(payment))["status"] == "processing":
            self.books.settle(payment.session, good=True)

    def begun(self) -> Payment:
        self.notices = []
        return self.start_attempt(self.place_new_order(1))

    def test_captured_money_is_counted_once(self) -> None:
        @QUICK
        @given(st.booleans(), step_lists())
        def law(by_card: bool, happened: list[Step]) -> None:
            payment = self.begun()
            if by_card:
                self.books.pay(payment.session, GOOD)
            else:
                self.books.pay_from_bank(payment.session)
            for step in happened:
                self.perform_step(payment, *step)
            self.finish_payment(payment)
            self.assertEqual((payment.status, payment.order.state), ("confirmed", "paid"))
            self.assertEqual((payment.captured_amount, payment.fee), (payment.total, Decimal("2.33")))
            self.assertEqual(self.events_of(payment.order).count("order_paid"), 1)

        law()

    def test_refunds_and_disputes_are_counted_once(self) -> None:
        @QUICK
        @given(st.lists(st.sampled_from([100, 250, 400]), max_size=3), st.booleans(), step_lists())
        def law(amounts: list[int], won: bool, happened: list[Step]) -> None:
            payment = self.begun()
            self.books.pay(payment.session, GOOD)
            for amount in amounts:
                self.books.refund({"payment_intent": self.intent_of(payment), "amount": amount})
            dispute = self.books.dispute(self.intent_of(payment))
            self.books.close_dispute(dispute["id"], won=won)
            for step in happened:
                self.perform_step(payment, *step)
            self.finish_payment(payment)
            self.assertEqual(payment.refunds.filter(state=Refund.State.DONE, amount__lt=10).count(), len(amounts))
            self.assertEqual(payment.disputes.get().state, Dispute.State.WON if won else Dispute.State.LOST)
            refunded_total = Decimal(sum(amounts)) / 100 if won else payment.total
            self.assertEqual(payment.refunded_amount, refunded_total)

        law()

    def test_wrong_signature_is_refused_and_changes_nothing(self) -> None:
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
