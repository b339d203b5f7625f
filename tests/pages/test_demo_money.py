"""The demo school contains a card payment, a dispute, account credit and a reconciliation with a finding."""

from django.test import TestCase, tag
from django.urls import reverse

from accounting.models import Finding, Reconciliation
from billing.domain.pricing import credit
from billing.models import Dispute, Payment
from pages import demo
from users.models import User


@tag("once", "long")
class DemoMoneyTest(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        demo.load_demo_school()

    def setUp(self) -> None:
        self.client.force_login(User.objects.get(email="ada@example.org"), "users.backends.PermissionBackend")

    def assertOpens(self, name: str, pk: int, words: str) -> None:
        self.assertContains(self.client.get(reverse(name, args=[pk])), words)

    def test_demo_school_has_a_paid_order_and_an_open_dispute(self) -> None:
        payments = Payment.objects.filter(variant="practice", status="confirmed", disputes=None)
        self.assertOpens("desk_order", payments.get().order_id, "Practice payment")
        dispute = Dispute.objects.get(state=Dispute.State.OPEN)
        self.assertOpens("desk_order", dispute.payment.order_id, "fraudulent")

    def test_demo_account_has_credit(self) -> None:
        gus = User.objects.get(email="gus@example.org")
        self.assertEqual(credit.credit_balance(gus, "USD"), 20)
        self.assertOpens("desk_credit_of", gus.pk, "$20.00")

    def test_demo_reconciliation_has_found_a_payment_missing_from_our_records(self) -> None:
        run = Reconciliation.objects.get()
        finding = Finding.objects.open().get()
        self.assertEqual((run.ended_at is None, finding.verdict), (False, Finding.Verdict.ONLY_THEIRS))
        self.assertOpens("desk_reconciliation", run.pk, "demo_unknown")
        self.assertOpens("desk_finding", finding.pk, "demo_unknown")

    def test_loading_demo_school_again_adds_no_payments(self) -> None:
        before = Payment.objects.filter(variant="practice").count()
        demo.load_demo_school(anyway=True)
        self.assertEqual((before, Payment.objects.filter(variant="practice").count()), (2, 2))
