"""Steps between the site and a gateway in any order, for tests of the final state."""

import logging
from typing import Any

from django.core.cache import cache
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some

from billing.domain.payments import gateway_polling
from billing.models import Payment
from outbox.testing import run_all
from tests.billing.base import BillingTestCase

Step = tuple[str, int, str]
STEP_NAMES = ["return", "webhook", "webhook", "worker", "bank"]
FAULTS = ["", "", "before", "after", "drop"]
QUICK = settings(max_examples=8, suppress_health_check=list(HealthCheck))


def step_lists(*more_faults: str) -> some.SearchStrategy[list[Step]]:
    """Each step has a name, the number of a message, and the fault that occurs during it."""
    step = some.tuples(some.sampled_from(STEP_NAMES), some.integers(0, 30), some.sampled_from([*FAULTS, *more_faults]))
    return some.lists(step, max_size=8)


class GatewayPropertiesTestCase(BillingTestCase):
    """Each example uses a new order. Nothing is reset between examples."""

    fake: Any
    notices: list[Any]
    variant: str

    def setUp(self) -> None:
        super().setUp()
        logging.disable(logging.ERROR)  # one per response that asks the gateway to retry
        self.addCleanup(logging.disable, logging.NOTSET)

    def signature_headers(self, notice: Any) -> dict[str, str]:
        raise NotImplementedError

    def settle_bank_payment(self, payment: Payment) -> None:
        """Complete pending bank payments."""
        raise NotImplementedError

    def break_something(self, number: int, fault: str) -> None:
        self.fake.faults.order("*", fault, times=1 + number % 4)

    def perform_step(self, payment: Payment, step: str, number: int, fault: str) -> None:
        if fault:
            self.break_something(number, fault)
        self.notices += self.fake.notices()
        if step == "return":
            payment.refresh_from_db()
            gateway_polling.poll_returning_payer(payment)
        elif step == "webhook" and self.notices:
            self.send_notice(self.notices[number % len(self.notices)])
        elif step == "worker":
            run_all(retries=True)
        elif step == "bank":
            self.settle_bank_payment(payment)
        self.fake.faults.clear()

    def send_notice(self, notice: Any) -> None:
        headers = {name: value for name, value in self.signature_headers(notice).items() if name != "Content-Type"}
        where = f"/payments/process/{self.variant}/"
        answer = self.client.post(where, notice.body, content_type="application/json", headers=headers)
        self.assertIn(answer.status_code, (200, 409, 503))

    def finish_payment(self, payment: Payment) -> None:
        """The payer returns, the gateway repeats what was not accepted, and the worker finishes its jobs."""
        cache.clear()  # the throttle would count the messages of all examples
        self.settle_bank_payment(payment)
        gateway_polling.poll_returning_payer(Payment.objects.get(pk=payment.pk))
        for _ in range(2):
            self.notices += self.fake.notices()
            for notice in self.notices:
                self.send_notice(notice)
            run_all(retries=True)
            self.settle_bank_payment(payment)
        payment.refresh_from_db()
        payment.order.refresh_from_db()
