"""Reconciliation with the fake Stripe and PayPal, whose statements do not come from our records."""

from datetime import timedelta
from decimal import Decimal

from django.test import tag

from accounting.domain.reconciliation import actions, runs
from accounting.models import Finding
from billing.domain.payments import webhooks
from billing.domain.refunds import reservations
from billing.models import Payment
from common import dates
from outbox.testing import delivery_problems, run_all
from tests.billing.base import BillingTestCase
from tests.billing.paypal import PayPalTestCase
from tests.billing.stripe import StripeTestCase


class ReconciliationTestCase(BillingTestCase):
    def run_reconciliation(self) -> dict[str, Finding]:
        """Returns the open findings by verdict."""
        run = runs.start_run(dates.local_today() - timedelta(days=2), dates.local_today(), by=self.ada)
        run_all()
        run.refresh_from_db()
        self.assertEqual((bool(run.ended_at), delivery_problems()), (True, []))
        self.compared = list(Finding.objects.filter(statement__run=run, verdict="matched"))
        return {finding.verdict: finding for finding in Finding.objects.open().filter(statement__run=run)}

    def perform_first_action(self, finding: Finding) -> None:
        actions.perform_action(finding, actions.possible_actions(finding)[0].name, why="Seen there", by=self.ada)
        run_all()
        finding.refresh_from_db()
        self.assertFalse(finding.is_open)


@tag("once")
class StripeReconciliationTest(StripeTestCase, ReconciliationTestCase):
    def bought(self) -> Payment:
        payment = self.pay_at_stripe()
        webhooks.apply_polled_state(payment, self.gateway.poll_payment(payment))
        payment.refresh_from_db()
        return payment

    def test_webhook_payments_and_refunds_match_with_fee_and_payout(self) -> None:
        payment = self.bought()
        reservations.refund_by_staff(payment.order, Decimal(10), why="Cold", by=self.ada)
        run_all()
        self.books.pay_out()
        self.assertEqual(self.run_reconciliation(), {})
        kinds = {finding.kind: finding for finding in self.compared}
        self.assertEqual(set(kinds), {"payment", "refund"})
        self.assertGreater(kinds["payment"].fee, 0)
        self.assertTrue(kinds["payment"].payout)

    def test_payment_and_refund_without_webhook_are_found_and_applied(self) -> None:
        lost, other = self.start_attempt(), self.bought()
        self.books.pay(lost.session, "4242424242424242")
        self.books.refund({"payment_intent": other.transaction_id, "amount": 1000})
        findings = self.run_reconciliation()
        self.assertEqual(set(findings), {"only_theirs", "refund_theirs"})
        for finding in findings.values():
            self.perform_first_action(finding)
        lost.refresh_from_db()
        self.assertEqual((lost.status, lost.order.state, other.refunds.get().amount), ("confirmed", "paid", 10))
        self.assertEqual(self.run_reconciliation(), {})

    def test_dispute_without_webhook_is_found_and_applied(self) -> None:
        payment = self.bought()
        self.books.dispute(payment.transaction_id)
        findings = self.run_reconciliation()
        self.assertEqual(set(findings), {"dispute"})
        self.perform_first_action(findings["dispute"])
        self.assertEqual(payment.disputes.get().state, "open")
        self.assertEqual(self.run_reconciliation(), {})


@tag("once")
class PayPalReconciliationTest(PayPalTestCase, ReconciliationTestCase):
    def bought(self) -> Payment:
        payment = self.start_attempt()
        self.fake.books.approve(payment.session, "balance")
        webhooks.apply_polled_state(payment, self.paypal.poll_payment(payment))
        payment.refresh_from_db()
        return payment

    def test_known_payment_matches_and_dashboard_refund_is_found(self) -> None:
        payment = self.bought()
        self.assertEqual((self.run_reconciliation(), [finding.kind for finding in self.compared]), ({}, ["payment"]))
        self.fake.books.refund(payment.transaction_id, {"amount": {"currency_code": "USD", "value": "10.00"}})
        findings = self.run_reconciliation()
        self.assertEqual(set(findings), {"refund_theirs"})
        self.perform_first_action(findings["refund_theirs"])
        self.assertEqual((payment.refunds.get().amount, self.run_reconciliation()), (10, {}))
