import re
from decimal import Decimal

from django.core import mail
from django.urls import reverse

from accounting.domain import payer_questions
from accounting.domain.reconciliation import actions
from accounting.errors import AccountingRefused
from accounting.models import Finding, GatewayStatement, PayerQuestion
from billing.domain.payments import attempts
from billing.gateways.facts import GatewayLine, PaymentCaptured
from billing.models import Order, PaymentIssue
from common import links
from history.models import Entry
from mailroom.models import Message
from mailroom.testing import send_all
from tests.accounting.reconciliation import ReconciliationTestCase
from tests.billing.scripted_gateway import ScriptedGateway
from tests.billing.toys import Toy, ToyKind, toy_states


class FindingActionsTest(ReconciliationTestCase):
    def test_payment_only_at_the_gateway_is_applied_like_a_webhook(self) -> None:
        payment = self.create_their_payment()
        self.run_reconciliation()
        finding = self.perform_action(self.newest_finding("only_theirs"), "take_over")
        payment.refresh_from_db()
        self.assertEqual(
            (payment.status, payment.order.state, toy_states(payment.order)), ("confirmed", "paid", ["confirmed"])
        )
        self.assertEqual((finding.action, finding.closed_by, finding.note), ("take_over", self.ada, "Looked at both"))
        entry = Entry.objects.get(action="accounting.finding_closed")
        self.assertEqual((entry.actor_id, entry.reason), (self.ada.pk, "Looked at both"))

    def test_finding_is_closed_when_the_payment_is_confirmed_later(self) -> None:
        payment = self.create_their_payment()
        self.run_reconciliation()
        attempts.confirm_payment(payment, PaymentCaptured(payment.total, "USD", f"pi_{payment.pk}"))
        self.assertEqual(self.found_verdicts(), [])
        self.assertEqual(self.newest_finding("only_theirs").action, "fits_now")

    def test_finding_cannot_be_resolved_twice(self) -> None:
        self.create_their_payment()
        self.run_reconciliation()
        finding = self.perform_action(self.newest_finding("only_theirs"), "take_over")
        with self.assertRaises(AccountingRefused) as raised:
            self.perform_action(finding, "take_over")
        self.assertEqual(raised.exception.code, "already_resolved")

    def test_polling_the_gateway_again_resolves_a_finding_that_matches_now(self) -> None:
        payment = self.create_our_payment()
        self.run_reconciliation()
        finding = self.perform_action(self.newest_finding("only_ours"), "ask")
        self.assertTrue(finding.is_open)
        ScriptedGateway.facts.append(PaymentCaptured(payment.total, "USD", payment.transaction_id or ""))
        self.assertEqual(self.perform_action(finding, "ask").action, "fits_now")

    def test_paid_line_is_confirmed_with_one_click_or_refused_with_a_reason(self) -> None:
        payment = self.create_matching_payment()
        ToyKind().store_state(payment.order.lines.get(), "released")
        self.run_reconciliation()
        finding = self.newest_finding("not_opened")
        ToyKind.catalogue.pop(1)
        with self.assertRaisesMessage(AccountingRefused, "not made any more"):
            self.perform_action(finding, "open")
        ToyKind.catalogue[1] = Toy()
        self.perform_action(finding, "open")
        self.assertEqual(toy_states(payment.order), ["confirmed"])

    def test_unpaid_line_is_released_unless_it_was_paid_in_the_meantime(self) -> None:
        order = self.place_new_order(1)
        ToyKind().store_state(order.lines.get(), "confirmed")
        Order.objects.filter(pk=order.pk).update(held_until=self.noon)
        self.run_reconciliation()
        self.perform_action(self.newest_finding("not_paid"), "release")
        self.assertEqual(toy_states(order), ["released"])
        paid = self.create_matching_payment()
        finding = Finding(
            verdict="not_paid",
            order=paid.order,
            line=paid.order.lines.get(),
            statement=GatewayStatement.objects.first(),
        )
        finding.save()
        with self.assertRaisesMessage(AccountingRefused, "It has been paid for"):
            self.perform_action(finding, "release")

    def test_explained_finding_stays_explained_in_later_runs(self) -> None:
        self.create_our_payment()
        self.run_reconciliation()
        self.perform_action(self.newest_finding("only_ours"), "explained", "Paid by their other account")
        run = self.run_reconciliation()
        later = Finding.objects.get(statement__run=run)
        self.assertEqual(
            (later.verdict, later.action, later.note), ("only_ours", "explained", "Paid by their other account")
        )

    def test_resolving_a_finding_resolves_it_in_every_run(self) -> None:
        self.create_our_payment()
        self.run_reconciliation()
        self.run_reconciliation()
        self.perform_action(self.newest_finding("only_ours"), "explained")
        self.assertFalse(Finding.objects.open().exists())

    def test_payment_without_an_order_can_only_be_explained(self) -> None:
        ScriptedGateway.theirs.append(GatewayLine("payment", "pi_other", Decimal(5), "USD", self.noon))
        self.run_reconciliation()
        self.assertEqual(
            [action.name for action in actions.possible_actions(self.newest_finding("only_theirs"))], ["explained"]
        )


class PayerQuestionsTest(ReconciliationTestCase):
    def send_question(self) -> PayerQuestion:
        self.create_our_payment()
        self.run_reconciliation()
        self.perform_action(self.newest_finding("only_ours"), "ask_payer", "Did your bank take it back?")
        return PayerQuestion.objects.get()

    def test_payer_is_asked_by_mail_and_the_answer_opens_a_payment_issue(self) -> None:
        question = self.send_question()
        self.assertEqual(Message.objects.get(template="accounting.payer_question").to, "pat@example.org")
        address = payer_questions.question_url(question)
        self.assertContains(self.client.get(address), "Did your bank take it back?")
        self.assertEqual(self.client.post(address, {"answer": ""}).status_code, 400)
        self.assertRedirects(self.client.post(address, {"answer": "Yes, by mistake."}), address)
        self.client.post(address, {"answer": "Something else"})
        case = PaymentIssue.objects.get()
        self.assertEqual((case.kind, case.order), (PaymentIssue.Kind.ANSWERED, question.order))
        self.assertIn("Yes, by mistake.", case.description)
        self.assertContains(self.client.get(address), "Yes, by mistake.")

    def test_question_mail_links_to_the_answer_page_and_to_payment_if_a_balance_is_open(self) -> None:
        question = self.send_question()
        send_all()
        [first_body] = [letter.body for letter in mail.outbox if "question" in letter.subject]
        [link] = re.findall(r"/order/question/[^/]+/", first_body)
        self.assertContains(self.client.get(link), question.text)
        self.assertNotIn("Pay now", first_body)
        order = self.place_new_order(1, due=Order.Due.DOOR)
        payer_questions.send_question(order, "Will you come?", by=self.ada)
        send_all()
        [_, second_body] = [letter.body for letter in mail.outbox if "question" in letter.subject]
        for words in ("Will you come?", "Pay now", "$70.00 is still due"):
            self.assertIn(words, second_body)

    def test_question_that_was_answered_in_the_meantime_is_not_mailed(self) -> None:
        payer_questions.record_payer_answer(
            payer_questions.send_question(self.place_new_order(1), "Will you come?", by=self.ada), "Yes"
        )
        self.assertEqual([letter for letter in send_all() if "question" in letter.subject], [])

    def test_question_page_with_a_wrong_token_is_not_found(self) -> None:
        question = self.send_question()
        other = links.sign_token(payer_questions.PURPOSE, question.pk, "another")
        for token in (question.pk, "x", links.sign_token("order", question.pk, question.nonce), other):
            self.assertEqual(self.client.get(reverse("order_question", args=[token])).status_code, 404)

    def test_question_is_refused_for_an_order_without_an_email_address(self) -> None:
        payment = self.create_our_payment()
        Order.objects.filter(pk=payment.order_id).update(payer_email="")
        self.run_reconciliation()
        with self.assertRaisesMessage(AccountingRefused, "The order has no email"):
            self.perform_action(self.newest_finding("only_ours"), "ask_payer")
