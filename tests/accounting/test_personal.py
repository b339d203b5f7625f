import json

from accounting import personal
from accounting.domain import day_sheet, payer_questions
from accounting.models import CashCount, Finding, PayerQuestion
from billing.models import PaymentIssue
from common import dates
from common.money import ZERO
from common.personal import PersonRecords, apply_merge, erase_all
from tests.accounting.reconciliation import ReconciliationTestCase


class PersonalDataTest(ReconciliationTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.person = PersonRecords(self.alice.pk, (self.student.pk,), (self.alice.email,))

    def test_questions_and_answers_are_exported_and_erased(self) -> None:
        order = self.place_new_order(1, payer=self.alice)
        for text in ("Did Pat pay?", "Twice?"):
            payer_questions.record_payer_answer(payer_questions.send_question(order, text, by=self.ada), "Pat did")
        self.assertIn("Did Pat pay?", json.dumps(personal.export(self.person)))
        self.assertEqual(personal.export(PersonRecords(self.sam.pk)), {})
        erase_all(self.person)
        kept = [
            *PaymentIssue.objects.values_list("description", flat=True),
            *PayerQuestion.objects.values_list("text", "answer"),
        ]
        self.assertNotIn("Pat", str(kept))

    def test_differences_are_exported_and_the_reasons_of_their_resolution_erased(self) -> None:
        order = self.create_our_payment(1, payer=self.alice).order
        self.run_reconciliation()
        finding = self.perform_action(self.newest_finding("only_ours"), "explained", "Pat paid in person")
        self.assertEqual(
            personal.export(self.person)["differences"],
            [{"order": order.number, "difference": "Only in our records", "reason": "Pat paid in person"}],
        )
        erase_all(self.person)
        finding.refresh_from_db()
        self.assertEqual((finding.note, finding.verdict), ("(erased)", "only_ours"))

    def test_merging_accounts_of_staff_moves_what_they_did(self) -> None:
        day_sheet.record_cash_count(dates.local_today(), "cash", "USD", ZERO, why="", by=self.ada)
        self.create_our_payment()
        run = self.run_reconciliation()
        self.perform_action(self.newest_finding("only_ours"), "explained")
        self.assertEqual(apply_merge(personal.plan_merge(PersonRecords(self.ada.pk), PersonRecords(self.ash.pk))), [])
        run.refresh_from_db()
        found = (
            run.started_by,
            CashCount.objects.get().counted_by,
            Finding.objects.exclude(closed_at=None).get().closed_by,
        )
        self.assertEqual(found, (self.ash, self.ash, self.ash))
