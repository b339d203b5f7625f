from datetime import timedelta

from django.test import override_settings
from django.urls import reverse

from accounting.domain.reconciliation import runs
from accounting.models import Finding, Reconciliation
from billing.gateways.facts import GatewayLine
from billing.models import Order
from common.errors import PermanentFailure
from outbox.testing import run_all
from tests.accounting.reconciliation import ReconciliationTestCase
from tests.billing.scripted_gateway import ScriptedGateway


class ReconciliationPagesTest(ReconciliationTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.ada)

    def page(self, name: str = "desk_reconciliation", **query: str) -> str:
        response = self.client.get(reverse(name, args=[Reconciliation.objects.latest("pk").pk]), query)
        self.assertEqual(response.status_code, 200)
        return response.content.decode()

    def test_run_page_shows_progress_with_and_without_javascript(self) -> None:
        self.create_matching_payment()
        run = runs.start_run(self.today, self.today, by=self.ada)
        html = self.page()
        for words in ('http-equiv="refresh"', "hx-get=", "<progress", "Reading"):
            self.assertIn(words, html)
        response = self.client.get(reverse("desk_reconciliation_progress", args=[run.pk]))
        self.assertNotIn("HX-Refresh", response)
        run_all()
        response = self.client.get(reverse("desk_reconciliation_progress", args=[run.pk]))
        self.assertEqual(response["HX-Refresh"], "true")
        self.assertNotIn('http-equiv="refresh"', self.page())

    def test_gateway_with_missing_settings_is_named_with_those_settings(self) -> None:
        lacking = override_settings(
            STRIPE_KEY="sk_live_1",
            STRIPE_WEBHOOK_SECRET=[],
            PAYPAL_CLIENT_ID="",
            PAYPAL_SECRET="x",
            PAYPAL_WEBHOOK_ID="",
        )
        with lacking:
            html = self.client.get(reverse("desk_reconciliations")).content.decode()
        self.assertIn("Stripe is not offered: STRIPE_WEBHOOK_SECRET is missing.", html)
        self.assertIn("PayPal is not offered: PAYPAL_CLIENT_ID, PAYPAL_WEBHOOK_ID are missing.", html)
        self.assertNotIn("is not offered", self.client.get(reverse("desk_reconciliations")).content.decode())

    def test_run_page_shows_each_difference_with_its_amount_and_suggested_action(self) -> None:
        self.create_their_payment()
        self.run_reconciliation()
        html = self.page()
        for words in ("Only in theirs", "$70.00", "Apply to our records", "po_1", "$2.30"):
            self.assertIn(words, html)

    def test_finding_is_resolved_once_and_only_with_a_reason(self) -> None:
        payment = self.create_their_payment()
        self.run_reconciliation()
        address = reverse("desk_finding", args=[self.newest_finding("only_theirs").pk])
        self.assertEqual(self.client.post(address, {"action": "take_over", "why": ""}).status_code, 400)
        response = self.client.post(address, {"action": "take_over", "why": "Seen there"}, follow=True)
        self.assertContains(response, "Applied to our records")
        payment.refresh_from_db()
        self.assertEqual(payment.status, "confirmed")
        self.assertIn("Everything matches", self.page())
        again = self.client.post(address, {"action": "take_over", "why": "Twice"}, follow=True)
        self.assertContains(again, "already been resolved")

    def test_staff_without_the_reconcile_permission_see_no_action_button(self) -> None:
        self.create_their_payment()
        self.run_reconciliation()
        group = self.ada.groups.get(name="Admin")
        group.permissions.remove(*group.permissions.filter(codename="reconcile"))
        self.assertNotIn("Apply to our records", self.page())
        address = reverse("desk_finding", args=[self.newest_finding("only_theirs").pk])
        self.assertNotContains(self.client.get(address), "Apply to our records")
        self.assertEqual(self.client.post(address, {"action": "take_over", "why": "x"}).status_code, 403)

    def test_run_page_filters_findings_by_verdict(self) -> None:
        self.create_matching_payment()
        self.create_our_payment()
        self.run_reconciliation()
        self.assertIn("Only in our records", self.page())
        self.assertNotIn('">Fits<', self.page())
        self.assertIn(">Matches<", self.page(show="matched"))
        self.assertIn(">Matches<", self.page(show="all"))
        self.assertIn("Only in our records", self.page(show="nonsense"))

    def test_run_page_totals_payouts_and_draws_a_chart_when_there_are_several(self) -> None:
        self.create_matching_payment()
        self.create_matching_payment()
        self.run_reconciliation()
        self.assertIn("$135.40", self.page())
        ScriptedGateway.theirs.append(
            GatewayLine("other", "adj", 5 * self.newest_finding("matched").our_amount, "USD", self.noon, payout="po_2")
        )
        self.run_reconciliation()
        self.assertIn("Net amount of each payout", self.page())

    def test_failed_gateway_import_is_shown_and_can_be_retried(self) -> None:
        ScriptedGateway.trouble.append(PermanentFailure("It refuses our key."))
        run = self.run_reconciliation()
        self.assertIn("It refuses our key.", self.page())
        statement = run.statements.get(state="failed")
        self.client.post(reverse("desk_reconciliation_again", args=[statement.pk]))
        run_all()
        statement.refresh_from_db()
        self.assertEqual(statement.state, "done")

    def test_run_for_future_days_is_refused_with_a_reason(self) -> None:
        day = (self.today + timedelta(days=9)).isoformat()
        response = self.client.post(reverse("desk_reconciliations"), {"since": day, "until": day})
        self.assertContains(response, "These days are in the future")
        self.assertFalse(Reconciliation.objects.exists())

    def test_list_of_runs_needs_the_same_number_of_queries_for_any_number_of_runs(self) -> None:
        def run(count: int) -> None:
            for _ in range(count):
                copy = Reconciliation.objects.create(
                    from_date=self.today, to_date=self.today, cutoff=self.now, started_by=self.ada
                )
                statement = copy.statements.create(start=self.now, end=self.now, cursor=self.now, state="done")
                statement.findings.create(verdict="only_ours")

        self.assertSameQueries(reverse("desk_reconciliations"), run)

    def test_run_page_needs_the_same_number_of_queries_for_any_number_of_findings(self) -> None:
        run = self.run_reconciliation()
        statement = run.statements.exclude(variant="").get()

        def find(count: int) -> None:
            for _ in range(count):
                order = Order.objects.create(payer_name="Pat", currency="USD")
                payment = order.payments.create(variant="scripted", total=70, currency="USD")
                Finding.objects.create(
                    statement=statement, verdict="only_ours", payment=payment, order=order,
                    our_amount=70, our_currency="USD", our_at=self.noon,
                )  # fmt: skip

        self.assertSameQueries(reverse("desk_reconciliation", args=[run.pk]), find)
