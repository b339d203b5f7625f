import json
from decimal import Decimal

from billing import personal
from billing.domain.orders import cart
from billing.domain.pricing import balances, credit
from billing.domain.refunds import reservations
from billing.gateways.facts import DisputeState
from billing.models import DiscountCode, Order
from common.personal import PersonRecords, apply_merge, merge_sentences
from tests.billing.base import BillingTestCase
from tests.billing.hosted_gateway import FakeGateway, HostedGatewayTestCase
from tests.billing.vouchers import VoucherTestCase
from users.domain import privacy
from users.models import Student


class ExportOfPaymentsTest(VoucherTestCase, HostedGatewayTestCase):
    def test_export_explains_refunds_disputes_vouchers_issues_and_webhooks(self) -> None:
        order = self.place_new_order(1, payer=self.alice)
        payment = self.start_attempt(order)
        self.process_webhook(FakeGateway.report_capture(payment))
        order.refresh_from_db()
        reservations.refund_by_staff(order, Decimal(10), why="A canceled evening", by=self.ada)
        self.process_webhook(
            FakeGateway.report_fact(payment, DisputeState("d-1", Decimal(60), "USD", "open", "fraudulent"))
        )
        self.buy_voucher(50, payer=self.alice)
        exported = json.loads(json.dumps(personal.export(PersonRecords(self.alice.pk))))
        found = next(entry for entry in exported["orders"] if entry["number"] == order.number)
        (paid,) = found["payments"]
        self.assertEqual((paid["method"], paid["amount"], paid["status"]), ("Double", "70.000", "Confirmed"))
        self.assertEqual(paid["refunds"], [{"amount": "10.000", "reason": "A canceled evening"}])
        self.assertEqual(paid["disputes"], [{"amount": "60.000", "state": "being decided"}])
        self.assertEqual([message["kind"] for message in paid["webhooks"]], ["disputestate", "paymentcaptured"])
        self.assertIn("$60.00", " ".join(issue["text"] for issue in found["payment_issues"]))
        self.assertEqual(exported["gift_vouchers"][0]["recipient"], "Rae")


class PersonalDataTest(BillingTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.person = PersonRecords(self.alice.pk, (self.student.pk,), (self.alice.email,))
        DiscountCode.objects.create(code="forAlice", percent=5, student=self.student)
        credit.adjust_credit(self.alice, Decimal(5), "USD", why="A cancelled evening", by=self.ada)
        self.order = self.place_new_order(1, 3, payer=self.alice)
        self.pay_order(self.order)

    def test_export_contains_orders_payments_credit_and_codes(self) -> None:
        text = json.dumps(personal.export(self.person))
        for word in ("Toy 1", "Practice payment", "forAlice", "A cancelled evening", "Pat Payer"):
            self.assertIn(word, text)
        self.assertEqual(personal.export(PersonRecords(self.sam.pk)), {})

    def test_erasing_removes_names_and_keeps_order_totals(self) -> None:
        cart.add_line(cart.create_cart(self.alice), "toy", 1, {})
        before = balances.price_at(self.order, self.order.paid_at or self.now).total
        personal.erase(self.person)
        self.order.refresh_from_db()
        self.assertEqual((self.order.payer, self.order.payer_name, self.order.payer_email), (None, "", ""))
        self.assertEqual(balances.price_at(self.order, self.order.paid_at or self.now).total, before)
        kept = json.dumps([line.details | line.price_facts for line in self.order.lines.all()])
        self.assertNotIn("Pat", kept)
        self.assertEqual(self.order.payments.get().billing_email, "")
        self.assertFalse(DiscountCode.objects.exists() or Order.objects.filter(state="cart").exists())

    def test_merging_moves_carts_orders_and_credit(self) -> None:
        for account in (self.alice, self.sam):
            cart.add_line(cart.create_cart(account), "toy", 1, {})
        moved = apply_merge(personal.plan_merge(self.person, PersonRecords(self.sam.pk)))
        self.assertEqual(moved, ["Merged: carts (1).", "Merged: orders (1).", "Merged: credit entries (2)."])
        self.assertEqual(Order.objects.filter(payer=self.sam).count(), 2)
        self.assertEqual(merge_sentences(personal.plan_merge(self.person, PersonRecords(self.sam.pk))), [])
        self.assertEqual(personal.plan_merge(PersonRecords(), self.person), [])

    def test_merging_people_moves_code_of_student_without_account(self) -> None:
        duplicate = Student.objects.create(first_name="Alice", last_name="Arden")
        DiscountCode.objects.create(code="hers", percent=10, student=duplicate)
        messages = privacy.merge_people(self.ada, duplicate, self.student, "One person")
        self.assertIn("Merged: codes (1).", messages)
        self.assertEqual(DiscountCode.objects.get(code="hers").student, self.student)
