"""Payments that are known to the school and the gateway, or to only one of them."""

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
from tests.billing.scripted_gateway import ScriptedGateway, gateway_line, with_scripted_gateway

YESTERDAY = timedelta(days=1)


@with_scripted_gateway
class ReconciliationTestCase(BillingTestCase):
    """The payments were made at noon two days ago, so that the time of day does not matter."""

    def setUp(self) -> None:
        super().setUp()
        scripted_gateway.reset_gateway()
        self.today = dates.local_today() - 2 * YESTERDAY
        self.noon = dates.local_moment(self.today, datetime.min.time().replace(hour=12))

    def create_matching_payment(self, *products: int, **more: Any) -> Payment:
        """Create a payment that both sides know."""
        payment = self.create_our_payment(*products, **more)
        ScriptedGateway.theirs.append(gateway_line(payment))
        return payment

    def create_our_payment(self, *products: int, **more: Any) -> Payment:
        order = self.place_new_order(*(products or (1,)), **more)
        payment = attempts.start_attempt(order, scripted_gateway.NAME, self.now)
        attempts.confirm_payment(payment, PaymentCaptured(payment.total, payment.currency, f"pi_{payment.pk}"))
        Payment.objects.filter(pk=payment.pk).update(captured_at=self.noon)
        Order.objects.filter(pk=order.pk).update(paid_at=self.noon)
        payment.refresh_from_db()
        return payment

    def create_their_payment(self) -> Payment:
        payment = attempts.start_attempt(self.place_new_order(1), scripted_gateway.NAME, self.now)
        ScriptedGateway.theirs.append(gateway_line(payment, at=self.noon))
        return payment

    def run_reconciliation(self) -> Reconciliation:
        run = runs.start_run(self.today, self.today, by=self.ada)
        run_all()
        run.refresh_from_db()
        return run

    def found_verdicts(self, run: Reconciliation | None = None) -> list[str]:
        run = run or self.run_reconciliation()
        return sorted(Finding.objects.off().filter(statement__run=run).values_list("verdict", flat=True))

    def newest_finding(self, verdict: str) -> Finding:
        return Finding.objects.filter(verdict=verdict).latest("pk")

    def perform_action(self, finding: Finding, action: str, why: str = "Looked at both") -> Finding:
        actions.perform_action(finding, action, why=why, by=self.ada)
        run_all()
        finding.refresh_from_db()
        return finding
