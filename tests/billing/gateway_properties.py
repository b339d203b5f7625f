"""What happens between us and a gateway, step by step in any order: for laws about how it ends."""

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
STEP_NAMES = ["back", "told", "told", "worker", "bank"]
FAULTS = ["", "", "before", "after", "drop"]
QUICK = settings(max_examples=8, suppress_health_check=list(HealthCheck))


def steps(*more_faults: str) -> some.SearchStrategy[list[Step]]:
    """What happens, to which of the messages, and what goes wrong on the way."""
    step = some.tuples(some.sampled_from(STEP_NAMES), some.integers(0, 30), some.sampled_from([*FAULTS, *more_faults]))
    return some.lists(step, max_size=8)


class LawsTestCase(BillingTestCase):
    """Each example is an order of its own; nothing is put back between them."""

    fake: Any
    notices: list[Any]
    variant: str

    def setUp(self) -> None:
        super().setUp()
        logging.disable(logging.ERROR)  # each answer that asks the gateway to tell it again
        self.addCleanup(logging.disable, logging.NOTSET)

    def signed(self, notice: Any) -> dict[str, str]:
        raise NotImplementedError

    def settle(self, payment: Payment) -> None:
        """Banks that were waited for pay."""
        raise NotImplementedError

    def break_something(self, number: int, fault: str) -> None:
        self.fake.faults.order("*", fault, times=1 + number % 4)

    def go(self, payment: Payment, step: str, number: int, fault: str) -> None:
        if fault:
            self.break_something(number, fault)
        self.notices += self.fake.notices()
        if step == "back":
            payment.refresh_from_db()
            gateway_polling.poll_returning_payer(payment)
        elif step == "told" and self.notices:
            self.tell(self.notices[number % len(self.notices)])
        elif step == "worker":
            run_all(retries=True)
        elif step == "bank":
            self.settle(payment)
        self.fake.faults.clear()

    def tell(self, notice: Any) -> None:
        headers = {name: value for name, value in self.signed(notice).items() if name != "Content-Type"}
        where = f"/payments/process/{self.variant}/"
        answer = self.client.post(where, notice.body, content_type="application/json", headers=headers)
        self.assertIn(answer.status_code, (200, 409, 503))

    def end(self, payment: Payment) -> None:
        """The gateway repeats what was not taken, the worker works on, and the payer comes back at last."""
        cache.clear()  # the throttle would count the messages of all examples
        self.settle(payment)
        gateway_polling.poll_returning_payer(Payment.objects.get(pk=payment.pk))
        for _ in range(2):
            self.notices += self.fake.notices()
            for notice in self.notices:
                self.tell(notice)
            run_all(retries=True)
            self.settle(payment)
        payment.refresh_from_db()
        payment.order.refresh_from_db()
