"""Any sequence of webhooks, polls and failures ends with one capture, one receipt and one final state."""

from decimal import Decimal

from django.test import tag
from hypothesis import given
from hypothesis import strategies as st

from billing.models import Payment, Refund
from tests.billing.gateway_properties import QUICK, GatewayPropertiesTestCase, Step, step_lists
from tests.billing.paypal import PayPalTestCase
from tests.fakes.paypal_server.webhooks import Notice


@tag("once", "long")
class PayPalLawsTest(PayPalTestCase, GatewayPropertiesTestCase):
    variant = "paypal"

    def signature_headers(self, notice: Notice) -> dict[str, str]:
        return self.fake.signed(notice)

    def settle_bank_payment(self, payment: Payment) -> None:
        for number, capture in self.fake.books.captures.items():
            if capture["status"] == "PENDING":
                self.fake.books.settle(number, True)

    def break_something(self, number: int, fault: str) -> None:
        if fault == "no token":
            self.fake.api.tokens.clear()
        else:
            self.fake.faults.order("*" if number % 2 else "*/capture", fault, times=1 + number % 4)

    def test_captured_money_is_counted_once(self) -> None:
        @QUICK
        @given(st.sampled_from(["balance", "echeck"]), step_lists("no token"))
        def law(instrument: str, happened: list[Step]) -> None:
            payment, self.notices = self.start_attempt(), []
            captures = len(self.fake.books.captures)
            self.fake.books.approve(payment.session, instrument)
            for step in happened:
                self.perform_step(payment, *step)
            self.finish_payment(payment)
            self.assertEqual((payment.status, payment.order.state), ("confirmed", "paid"))
            self.assertEqual(payment.captured_amount, payment.total)
            self.assertEqual(len(self.fake.books.captures), captures + 1)
            self.assertEqual(self.events_of(payment.order).count("order_paid"), 1)

        law()

    def test_dashboard_refunds_are_counted_once(self) -> None:
        @QUICK
        @given(st.lists(st.sampled_from(["1.00", "2.50", "4.00"]), max_size=3), step_lists("no token"))
        def law(amounts: list[str], happened: list[Step]) -> None:
            payment, self.notices = self.start_attempt(), []
            self.fake.books.approve(payment.session)
            self.finish_payment(payment)
            for amount in amounts:
                self.fake.books.refund(payment.transaction_id, {"amount": {"currency_code": "USD", "value": amount}})
            for step in happened:
                self.perform_step(payment, *step)
            self.finish_payment(payment)
            self.assertEqual(payment.refunded_amount, sum(map(Decimal, amounts)))
            self.assertEqual(payment.refunds.filter(state=Refund.State.DONE).count(), len(amounts))

        law()
