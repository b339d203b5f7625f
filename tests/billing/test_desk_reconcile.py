from datetime import timedelta

from django.test import override_settings
from django.urls import reverse

from billing.domain.reconciling import runs
from billing.gateways.facts import GatewayLine
from billing.models import Finding, Order, Reconciliation
from common.errors import PermanentFailure
from outbox.testing import run_all
from tests.billing.reconciling import ReconcilingTestCase
from tests.billing.scripted import Scripted


class DeskReconcileTest(ReconcilingTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.ada)

    def page(self, name: str = "desk_reconciliation", **query: str) -> str:
        response = self.client.get(reverse(name, args=[Reconciliation.objects.latest("pk").pk]), query)
        self.assertEqual(response.status_code, 200)
        return response.content.decode()

    def test_a_run_shows_how_far_it_is_without_a_script_and_with_one(self) -> None:
        self.bought()
        run = runs.start_run(self.today, self.today, by=self.ada)
        shown = self.page()
        for words in ('http-equiv="refresh"', "hx-get=", "<progress", "Reading"):
            self.assertIn(words, shown)
        response = self.client.get(reverse("desk_reconciliation_progress", args=[run.pk]))
        self.assertNotIn("HX-Refresh", response)
        run_all()
        response = self.client.get(reverse("desk_reconciliation_progress", args=[run.pk]))
        self.assertEqual(response["HX-Refresh"], "true")
        self.assertNotIn('http-equiv="refresh"', self.page())

    def test_a_gateway_that_lacks_a_value_is_named_with_it(self) -> None:
        lacking = override_settings(
            STRIPE_KEY="sk_live_1",
            STRIPE_WEBHOOK_SECRET=[],
            PAYPAL_CLIENT_ID="",
            PAYPAL_SECRET="x",
            PAYPAL_WEBHOOK_ID="",
        )
        with lacking:
            shown = self.client.get(reverse("desk_reconciliations")).content.decode()
        self.assertIn("Stripe is not offered: STRIPE_WEBHOOK_SECRET is missing.", shown)
        self.assertIn("PayPal is not offered: PAYPAL_CLIENT_ID, PAYPAL_WEBHOOK_ID are missing.", shown)
        self.assertNotIn("is not offered", self.client.get(reverse("desk_reconciliations")).content.decode())

    def test_each_difference_stands_there_with_both_sides_and_its_suggestion(self) -> None:
        self.attempt()
        self.run_it()
        shown = self.page()
        for words in ("Only in theirs", "$70.00", "Apply to our records", "po_1", "$2.30"):
            self.assertIn(words, shown)

    def test_one_click_with_a_reason_does_it_and_none_does_nothing(self) -> None:
        payment = self.attempt()
        self.run_it()
        address = reverse("desk_finding", args=[self.one("only_theirs").pk])
        self.assertEqual(self.client.post(address, {"deed": "take_over", "why": ""}).status_code, 400)
        response = self.client.post(address, {"deed": "take_over", "why": "Seen there"}, follow=True)
        self.assertContains(response, "Applied to our records")
        payment.refresh_from_db()
        self.assertEqual(payment.status, "confirmed")
        self.assertIn("Everything matches", self.page())
        again = self.client.post(address, {"deed": "take_over", "why": "Twice"}, follow=True)
        self.assertContains(again, "already been resolved")

    def test_whoever_may_look_but_not_act_sees_no_button(self) -> None:
        self.attempt()
        self.run_it()
        group = self.ada.groups.get(name="Admin")
        group.permissions.remove(*group.permissions.filter(codename="reconcile"))
        self.assertNotIn("Apply to our records", self.page())
        address = reverse("desk_finding", args=[self.one("only_theirs").pk])
        self.assertNotContains(self.client.get(address), "Apply to our records")
        self.assertEqual(self.client.post(address, {"deed": "take_over", "why": "x"}).status_code, 403)

    def test_findings_are_shown_by_what_they_are(self) -> None:
        self.bought()
        self.only_ours()
        self.run_it()
        self.assertIn("Only in our records", self.page())
        self.assertNotIn('">Fits<', self.page())
        self.assertIn(">Matches<", self.page(show="matched"))
        self.assertIn(">Matches<", self.page(show="all"))
        self.assertIn("Only in our records", self.page(show="nonsense"))

    def test_payouts_are_summed_with_their_fees_and_drawn_when_there_are_several(self) -> None:
        self.bought()
        self.bought()
        self.run_it()
        self.assertIn("$135.40", self.page())
        Scripted.theirs.append(
            GatewayLine("other", "adj", 5 * self.one("matched").our_amount, "USD", self.noon, payout="po_2")
        )
        self.run_it()
        self.assertIn("Net amount of each payout", self.page())

    def test_a_gateway_that_could_not_be_read_is_told_and_may_be_tried_again(self) -> None:
        Scripted.trouble.append(PermanentFailure("It refuses our key."))
        run = self.run_it()
        self.assertIn("It refuses our key.", self.page())
        book = run.books.get(state="failed")
        self.client.post(reverse("desk_reconciliation_again", args=[book.pk]))
        run_all()
        book.refresh_from_db()
        self.assertEqual(book.state, "done")

    def test_days_that_cannot_be_compared_are_answered_with_a_sentence(self) -> None:
        day = (self.today + timedelta(days=9)).isoformat()
        response = self.client.post(reverse("desk_reconciliations"), {"since": day, "until": day})
        self.assertContains(response, "These days are in the future")
        self.assertFalse(Reconciliation.objects.exists())

    def test_the_list_of_runs_asks_as_often_for_thirty_as_for_one(self) -> None:
        def run(count: int) -> None:
            for _ in range(count):
                copy = Reconciliation.objects.create(since=self.today, until=self.today, cut=self.now, by=self.ada)
                book = copy.books.create(start=self.now, end=self.now, cursor=self.now, state="done")
                book.findings.create(verdict="only_ours")

        self.assertSameQueries(reverse("desk_reconciliations"), run)

    def test_a_run_asks_as_often_for_thirty_findings_as_for_one(self) -> None:
        run = self.run_it()
        book = run.books.exclude(variant="").get()

        def find(count: int) -> None:
            for _ in range(count):
                order = Order.objects.create(payer_name="Pat", currency="USD")
                payment = order.payments.create(variant="scripted", total=70, currency="USD")
                Finding.objects.create(
                    book=book, verdict="only_ours", payment=payment, order=order,
                    our_amount=70, our_currency="USD", our_at=self.noon,
                )  # fmt: skip

        self.assertSameQueries(reverse("desk_reconciliation", args=[run.pk]), find)
