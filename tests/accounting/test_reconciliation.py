from datetime import timedelta
from decimal import Decimal

from accounting.domain.reconciliation import runs
from accounting.errors import AccountingRefused
from accounting.models import Finding, GatewayStatement, Reconciliation
from billing.domain.payments import attempts
from billing.domain.refunds import reservations
from billing.gateways.facts import GatewayLine, PaymentCaptured, PaymentReference
from billing.models import Order, Payment, Refund
from common import dates
from common.errors import PermanentFailure, TemporaryFailure
from outbox.testing import delivery_problems, run_all
from tests.accounting.reconciliation import YESTERDAY, ReconciliationTestCase
from tests.billing.scripted_gateway import ScriptedGateway, gateway_line
from tests.billing.toys import ToyKind


class ReconciliationRunTest(ReconciliationTestCase):
    def test_matching_payment_is_kept_with_fee_and_payout_and_no_difference(self) -> None:
        payment = self.create_matching_payment()
        run = self.run_reconciliation()
        self.assertEqual((self.found_verdicts(run), delivery_problems()), ([], []))
        finding = Finding.objects.get(statement__run=run)
        self.assertEqual((finding.verdict, finding.payment, finding.payout), ("matched", payment, "po_1"))
        self.assertEqual(finding.fee, Decimal("2.30"))
        payment.refresh_from_db()
        self.assertEqual(payment.fee, Decimal("2.30"))
        self.assertIsNotNone(run.ended_at)

    def test_each_payment_difference_is_found_once(self) -> None:
        self.create_matching_payment()
        self.create_our_payment()
        ScriptedGateway.theirs.append(GatewayLine("payment", "pi_other", Decimal(5), "USD", self.noon))
        wrong = [self.create_our_payment(), self.create_our_payment()]
        ScriptedGateway.theirs.append(gateway_line(wrong[0], amount=Decimal(69)))
        ScriptedGateway.theirs.append(gateway_line(wrong[1], currency="EUR"))
        self.create_their_payment()
        expected = ["amount", "currency", "only_ours", "only_theirs", "only_theirs"]
        self.assertEqual(self.found_verdicts(), expected)

    def test_missing_refunds_are_found_on_both_sides(self) -> None:
        ours, theirs, both = (
            self.create_matching_payment(),
            self.create_matching_payment(),
            self.create_matching_payment(),
        )
        for payment in (ours, both):
            reservations.refund_by_staff(payment.order, Decimal(10), why="Cold", by=self.ada)
        run_all()
        Refund.objects.update(completed_at=self.noon)
        known = both.refunds.get()
        self.add_refund_line("re_x", theirs, Decimal(-10))
        self.add_refund_line(known.transaction_id, both, Decimal(-10))
        self.assertEqual(self.found_verdicts(), ["refund_ours", "refund_theirs"])
        self.assertEqual(self.newest_finding("refund_theirs").payment, theirs)
        self.assertEqual(self.newest_finding("refund_ours").refund, ours.refunds.get())

    def add_refund_line(self, reference: str, payment: Payment, amount: Decimal) -> None:
        about = PaymentReference(reference=payment.transaction_id or "")
        ScriptedGateway.theirs.append(GatewayLine("refund", reference, amount, "USD", self.noon, about=about))

    def test_paid_but_unfulfilled_and_fulfilled_but_unpaid_lines_are_found(self) -> None:
        unfulfilled = self.create_matching_payment(1, 2)
        ToyKind().store_state(unfulfilled.order.lines.get(product_id=2), "released")
        expired = self.place_new_order(1)
        ToyKind().store_state(expired.lines.get(), "confirmed")
        Order.objects.filter(pk=expired.pk).update(held_until=self.noon)
        self.assertEqual(self.found_verdicts(), ["not_opened", "not_paid"])
        self.assertEqual(self.newest_finding("not_opened").line, unfulfilled.order.lines.get(product_id=2))
        self.assertEqual(self.newest_finding("not_paid").order, expired)

    def test_unpaid_order_due_at_the_door_is_not_a_difference(self) -> None:
        self.place_new_order(1, due=Order.Due.DOOR)
        self.assertEqual(self.found_verdicts(), [])

    def test_canceled_line_that_is_still_fulfilled_is_found(self) -> None:
        order = self.create_matching_payment(1, 2).order
        order.lines.filter(product_id=2).update(canceled_at=self.noon)
        self.assertEqual(self.found_verdicts(), ["not_paid"])

    def test_different_dates_of_the_same_payment_are_not_a_difference(self) -> None:
        payment = self.create_our_payment()
        ScriptedGateway.theirs.append(gateway_line(payment, at=self.noon - 2 * YESTERDAY))
        self.assertEqual(self.found_verdicts(), [])

    def test_payment_confirmed_later_is_matched_from_an_earlier_run(self) -> None:
        payment = self.create_their_payment()
        ScriptedGateway.theirs[:] = [gateway_line(payment, at=self.noon - 10 * YESTERDAY)]
        early = self.today - 10 * YESTERDAY
        runs.start_run(early, early, by=None)
        run_all()
        self.assertEqual(self.newest_finding("only_theirs").payment, payment)
        attempts.confirm_payment(payment, PaymentCaptured(payment.total, "USD", f"pi_{payment.pk}"))
        Payment.objects.filter(pk=payment.pk).update(captured_at=self.noon)
        self.assertEqual(self.found_verdicts(), [])

    def test_statement_is_read_in_consecutive_portions_without_overlap(self) -> None:
        self.create_matching_payment()
        self.run_reconciliation()
        spans = sorted(ScriptedGateway.asked)
        self.assertTrue(all(until - since <= runs.STEP for since, until in spans))
        self.assertEqual([until for _, until in spans[:-1]], [since for since, _ in spans[1:]])

    def test_repeated_step_changes_nothing(self) -> None:
        self.create_matching_payment()
        run = self.run_reconciliation()
        for statement in run.statements.all():
            runs.advance_run(statement.pk)
            GatewayStatement.objects.filter(pk=statement.pk).update(state=GatewayStatement.State.MATCHING)
            runs.advance_run(statement.pk)
        self.assertEqual(Finding.objects.filter(statement__run=run).count(), 1)

    def test_unreachable_gateway_delays_run_and_records_trouble(self) -> None:
        self.create_matching_payment()
        ScriptedGateway.trouble.append(TemporaryFailure("The gateway does not answer."))
        run = self.run_reconciliation()
        self.assertIsNone(run.ended_at)
        self.assertIn("does not answer", run.statements.exclude(variant="").get().error)
        run_all(retries=True)
        self.assertEqual(self.found_verdicts(Reconciliation.objects.get(ended_at__isnull=False)), [])

    def test_gateway_refusal_fails_statement_and_staff_can_resume_it(self) -> None:
        self.create_matching_payment()
        ScriptedGateway.trouble.append(PermanentFailure("It refuses our key."))
        run = self.run_reconciliation()
        statement = run.statements.exclude(variant="").get()
        self.assertEqual((statement.state, statement.error), ("failed", "It refuses our key."))
        self.assertIsNotNone(run.ended_at)
        runs.resume_statement(statement, self.ada)
        run_all()
        statement.refresh_from_db()
        self.assertEqual((statement.state, statement.error), ("done", ""))

    def test_recent_payment_not_yet_listed_by_gateway_is_not_a_difference(self) -> None:
        payment = self.create_our_payment()
        Payment.objects.filter(pk=payment.pk).update(captured_at=self.now - timedelta(minutes=5))
        runs.start_run(dates.local_today(), dates.local_today(), by=self.ada)
        run_all()
        self.assertFalse(Finding.objects.off().exists())

    def test_double_click_starts_one_run(self) -> None:
        self.assertEqual(
            runs.start_run(self.today, self.today, by=self.ada), runs.start_run(self.today, self.today, by=self.ada)
        )

    def test_invalid_date_ranges_are_refused_with_message(self) -> None:
        for since, until in ((0, -1), (-400, 0), (3, 3)):
            with self.assertRaises(AccountingRefused) as raised:
                days = [self.today + timedelta(days=number) for number in (since, until)]
                runs.start_run(*days, by=self.ada)
            self.assertEqual(raised.exception.code, "date_range")
            self.assertTrue(str(raised.exception))
