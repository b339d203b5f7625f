"""Whatever happens between us and PayPal, in whatever order and however often: one capture, one receipt, one end."""

import logging
from decimal import Decimal

from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.domain import asking
from billing.models import Payment, Refund
from outbox.testing import run_all
from tests.billing.paypal import PayPalTestCase
from tests.fakes.paypal_server.webhooks import Notice

Step = tuple[str, int, str]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["back", "told", "told", "worker", "bank"]),
        st.integers(0, 30),
        st.sampled_from(["", "", "before", "after", "drop", "no token"]),
    ),
    max_size=8,
)
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


class LawsTest(PayPalTestCase):
    """Each example is an order of its own; nothing is put back between them."""

    notices: list[Notice]

    def setUp(self) -> None:
        super().setUp()
        logging.disable(logging.ERROR)  # each 503 that asks PayPal to tell it again
        self.addCleanup(logging.disable, logging.NOTSET)

    def go(self, payment: Payment, step: str, number: int, fault: str) -> None:
        if fault == "no token":
            self.fake.api.tokens.clear()
        elif fault:
            self.fake.faults.order("*" if number % 2 else "*/capture", fault, times=1 + number % 4)
        self.notices += self.fake.notices()
        if step == "back":
            payment.refresh_from_db()
            asking.returned(payment)
        elif step == "told" and self.notices:
            self.tell(self.notices[number % len(self.notices)])
        elif step == "worker":
            run_all(retries=True)
        elif step == "bank":
            self.settle(good=True)
        self.fake.faults.clear()

    def tell(self, notice: Notice) -> int:
        headers = {name: value for name, value in self.fake.signed(notice).items() if name != "Content-Type"}
        answer = self.client.post(
            "/payments/process/paypal/", notice.body, content_type="application/json", headers=headers
        )
        self.assertIn(answer.status_code, (200, 409, 503))
        return answer.status_code

    def settle(self, *, good: bool) -> None:
        for number, capture in self.fake.books.captures.items():
            if capture["status"] == "PENDING":
                self.fake.books.settle(number, good)

    def end(self, payment: Payment) -> None:
        """PayPal repeats what was not taken, the worker works on, and the payer comes back at last."""
        cache.clear()  # the throttle would count the messages of all examples
        self.settle(good=True)
        asking.returned(Payment.objects.get(pk=payment.pk))
        for _ in range(2):
            self.notices += self.fake.notices()
            for notice in self.notices:
                self.tell(notice)
            run_all(retries=True)
            self.settle(good=True)
        payment.refresh_from_db()
        payment.order.refresh_from_db()

    def test_money_that_came_is_there_once(self) -> None:
        @QUICK
        @given(st.sampled_from(["balance", "echeck"]), STEPS)
        def law(instrument: str, steps: list[Step]) -> None:
            payment, self.notices = self.begun(), []
            captures = len(self.fake.books.captures)
            self.fake.books.approve(payment.session, instrument)
            for step in steps:
                self.go(payment, *step)
            self.end(payment)
            self.assertEqual((payment.status, payment.order.state), ("confirmed", "paid"))
            self.assertEqual(payment.captured_amount, payment.total)
            self.assertEqual(len(self.fake.books.captures), captures + 1)
            self.assertEqual(self.told(payment.order).count("order_paid"), 1)

        law()

    def test_what_went_back_in_the_dashboard_is_counted_once(self) -> None:
        @QUICK
        @given(st.lists(st.sampled_from(["1.00", "2.50", "4.00"]), max_size=3), STEPS)
        def law(amounts: list[str], steps: list[Step]) -> None:
            payment, self.notices = self.begun(), []
            self.fake.books.approve(payment.session)
            self.end(payment)
            for amount in amounts:
                self.fake.books.refund(payment.transaction_id, {"amount": {"currency_code": "USD", "value": amount}})
            for step in steps:
                self.go(payment, *step)
            self.end(payment)
            self.assertEqual(payment.refunded_amount, sum(map(Decimal, amounts)))
            self.assertEqual(payment.refunds.filter(state=Refund.State.DONE).count(), len(amounts))

        law()
