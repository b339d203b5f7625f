"""What tests of comparing two books stand on: purchases that both sides know, or one of them."""

from datetime import datetime, timedelta
from typing import Any

from accounting.domain.reconciliation import actions, runs
from accounting.models import Finding, Reconciliation
from billing.domain.payments import attempts
from billing.gateways.facts import PaymentCaptured
from billing.models import Order, Payment
from common import dates
from outbox.testing import run_all
from tests.billing import scripted_gateway
from tests.billing.base import BillingTestCase
from tests.billing.scripted_gateway import Scripted, line, with_scripted

YESTERDAY = timedelta(days=1)


@with_scripted
class ReconcilingTestCase(BillingTestCase):
    """The purchases lie at noon of the day before yesterday, so that no hour of the day is special."""

    def setUp(self) -> None:
        super().setUp()
        scripted_gateway.fresh()
        self.today = dates.local_today() - 2 * YESTERDAY
        self.noon = dates.local_moment(self.today, datetime.min.time().replace(hour=12))

    def bought(self, *products: int, **more: Any) -> Payment:
        """Paid, and known to both sides."""
        payment = self.only_ours(*products, **more)
        Scripted.theirs.append(line(payment))
        return payment

    def only_ours(self, *products: int, **more: Any) -> Payment:
        order = self.placed(*(products or (1,)), **more)
        payment = attempts.start_attempt(order, scripted_gateway.NAME, self.now)
        attempts.confirm_payment(payment, PaymentCaptured(payment.total, payment.currency, f"pi_{payment.pk}"))
        Payment.objects.filter(pk=payment.pk).update(captured_at=self.noon)
        Order.objects.filter(pk=order.pk).update(paid_at=self.noon)
        payment.refresh_from_db()
        return payment

    def attempt(self) -> Payment:
        payment = attempts.start_attempt(self.placed(1), scripted_gateway.NAME, self.now)
        Scripted.theirs.append(line(payment, at=self.noon))
        return payment

    def run_it(self) -> Reconciliation:
        run = runs.start_run(self.today, self.today, by=self.ada)
        run_all()
        run.refresh_from_db()
        return run

    def found(self, run: Reconciliation | None = None) -> list[str]:
        run = run or self.run_it()
        return sorted(Finding.objects.off().filter(book__run=run).values_list("verdict", flat=True))

    def one(self, verdict: str) -> Finding:
        return Finding.objects.filter(verdict=verdict).latest("pk")

    def act(self, finding: Finding, action: str, why: str = "Looked at both") -> Finding:
        actions.perform_action(finding, action, why=why, by=self.ada)
        run_all()
        finding.refresh_from_db()
        return finding
