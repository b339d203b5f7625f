"""Money that goes back without our asking: in the gateway's own pages, or because a payer's bank says so."""

import re
from decimal import Decimal
from typing import Any

from django.core import mail
from django.test import override_settings
from django.urls import reverse

from billing.domain import status_text
from billing.domain.cancellations import line_cancellation
from billing.domain.orders import transitions
from billing.domain.payments import gateway_polling
from billing.domain.pricing import balances
from billing.domain.refunds import gateway_refunds, reservations
from billing.gateways.facts import DisputeState, PaymentCaptured, RefundAnswer, RefundState, WebhookMessage
from billing.models import Case, Dispute, OrderLine, Payment, Refund
from common.errors import PermanentFailure
from mailroom.testing import send_all
from outbox.testing import delivery_problems, run_all
from tests.billing.hosted import Double, HostedTestCase
from tests.billing.toys import states

State = Refund.State


class BackTestCase(HostedTestCase):
    def back(
        self, payment: Payment, amount: str = "70", state: str = "done", name: str = "r-1", **more: Any
    ) -> WebhookMessage:
        return Double.says(payment, RefundState(name, Decimal(amount), "USD", state, **more))

    def dispute(self, payment: Payment, state: str = "open", amount: str = "70") -> str:
        return self.hear(Double.says(payment, DisputeState("d-1", Decimal(amount), "USD", state, "fraudulent")))

    def ask_back(self, payment: Payment, amount: str = "70") -> Refund:
        [refund] = reservations.refund_by_staff(payment.order, Decimal(amount), why="x", by=self.sam)
        return refund

    def whole(self, payment: Payment) -> tuple[Decimal, Decimal, Decimal]:
        payment.refresh_from_db()
        payment.order.refresh_from_db()
        return payment.refunded_amount, payment.order.charged, balances.overpaid_amount(payment.order)


class RefundFactsTest(BackTestCase):
    def test_a_refund_may_be_on_its_way_before_it_is_done(self) -> None:
        payment = self.paid()
        Double.refund_state = "sent"
        refund = self.ask_back(payment)
        run_all()
        refund.refresh_from_db()
        self.assertEqual((refund.state, self.whole(payment)), (State.SENT, (70, 0, 0)))
        self.assertIsNotNone(payment.ask_at)
        self.hear(self.back(payment, name=refund.transaction_id, key=refund.token))
        refund.refresh_from_db()
        self.assertEqual((refund.state, Payment.objects.get().status), (State.DONE, "refunded"))
        self.assertEqual(self.told(payment.order).count("refund_made"), 1)

    def test_the_message_may_be_quicker_than_the_answer_and_the_answer_may_be_lost(self) -> None:
        payment = self.paid()
        refund = self.ask_back(payment)
        Double.meanwhile = lambda: self.hear(self.back(payment, name=f"r-{refund.token}", key=refund.token))  # type: ignore[misc]
        gateway_polling.send_reserved_refund(refund.pk)
        refund.refresh_from_db()
        self.assertEqual((refund.state, refund.transaction_id), (State.DONE, f"r-{refund.token}"))
        self.assertEqual((Refund.objects.count(), self.whole(payment)), (1, (70, 0, 0)))

    def test_a_refund_made_in_the_gateways_own_pages_is_in_the_books_and_the_office_decides_on_the_places(self) -> None:
        payment = self.paid()
        for _ in range(2):
            self.hear(self.back(payment, "30"))
        refund = Refund.objects.get()
        self.assertEqual((refund.origin, refund.state, self.whole(payment)), ("theirs", State.DONE, (30, 40, 0)))
        self.assertEqual((Case.objects.get().kind, states(payment.order)), (Case.Kind.OTHER, ["confirmed"]))
        self.hear(self.back(payment, "40", name="r-2"))
        self.assertEqual((self.whole(payment), payment.status), ((70, 0, 0), "refunded"))

    def test_theirs_that_fails_leaves_the_books_as_they_were_in_whichever_order_it_is_told(self) -> None:
        for turn in (1, -1):
            with self.subTest(turn):
                payment = self.paid()
                messages = [self.back(payment, state=state, name=f"r-{payment.pk}") for state in ("sent", "failed")]
                for message in messages[::turn]:
                    self.hear(message)
                run_all()
                self.assertEqual((self.whole(payment), payment.refunds.get().state), ((0, 70, 0), State.FAILED))

    def test_while_ours_is_being_sent_a_refund_without_our_key_waits(self) -> None:
        payment = self.paid()
        refund = self.ask_back(payment)
        heard = self.back(payment, name=f"r-{refund.token}")
        self.assertRaises(gateway_refunds.UnknownYet, self.hear, heard)
        gateway_polling.send_reserved_refund(refund.pk)
        self.hear(heard)
        self.assertEqual((Refund.objects.count(), self.whole(payment)), (1, (70, 0, 0)))

    def test_what_had_gone_back_before_ours_is_looked_for_and_the_books_agree(self) -> None:
        payment = self.paid()
        self.ask_back(payment)
        Double.already = True
        Double._write(payment, RefundState("r-theirs", Decimal(70), "USD", "done"))
        run_all()
        self.assertEqual(
            sorted(Refund.objects.values_list("origin", "state")), [("ours", "failed"), ("theirs", "done")]
        )
        self.assertEqual((self.whole(payment), delivery_problems()), ((70, 0, 0), []))
        self.assertFalse(Case.objects.filter(closed_at=None).exists())

    def test_more_than_is_here_is_a_case_and_breaks_nothing(self) -> None:
        payment = self.paid()
        self.hear(self.back(payment, "100"))
        self.assertEqual(self.whole(payment), (70, 0, 0))
        self.assertTrue(Case.objects.filter(kind=Case.Kind.MISFIT).exists())

    def test_what_the_gateway_refuses_for_good_frees_the_money_and_calls_a_person(self) -> None:
        payment = self.paid()
        refund = self.ask_back(payment)
        Double.trouble.append(PermanentFailure("The card does not exist any more."))
        run_all()
        refund.refresh_from_db()
        self.assertEqual((refund.state, refund.message), (State.FAILED, "The card does not exist any more."))
        self.assertEqual((Case.objects.get().kind, self.whole(payment)), (Case.Kind.REFUND_FAILED, (0, 0, 70)))

    def test_a_refund_taken_for_failed_that_went_through_is_found_by_asking(self) -> None:
        payment = self.paid()
        refund = self.ask_back(payment)
        reservations.record_gateway_answer(refund.pk, RefundAnswer(State.FAILED))
        self.hear(self.back(payment, name="r-9", key=refund.token))
        self.assertEqual(self.whole(payment), (0, 0, 70))
        run_all()
        refund.refresh_from_db()
        self.assertEqual((refund.state, self.whole(payment)), (State.DONE, (70, 0, 0)))
        self.assertFalse(Case.objects.filter(closed_at=None).exists())

    def test_one_that_may_have_been_sent_hours_ago_is_looked_for_first(self) -> None:
        payment = self.paid()
        refund = self.ask_back(payment)
        Double.says(payment, RefundState("r-9", Decimal(70), "USD", "done", key=refund.token))
        Refund.objects.update(created_at=self.day(-1))
        gateway_polling.send_reserved_refund(refund.pk)
        refund.refresh_from_db()
        self.assertEqual((refund.state, refund.transaction_id), (State.DONE, "r-9"))

    def test_another_amount_or_currency_than_ours_is_a_case(self) -> None:
        payment = self.paid()
        refund = self.ask_back(payment)
        self.hear(self.back(payment, "7", name="r-9", key=refund.token))
        self.hear(Double.says(payment, RefundState("r-8", Decimal(5), "EUR", "done", key=refund.token)))
        self.assertEqual(Case.objects.filter(kind=Case.Kind.MISFIT).count(), 2)
        self.assertEqual(self.whole(payment), (70, 0, 0))

    def test_money_of_a_wrong_amount_that_went_back_over_there_needs_nothing_here(self) -> None:
        payment = self.begun()
        self.hear(Double.says(payment, PaymentCaptured(Decimal(1), "USD", "money-1")))
        self.assertEqual(self.hear(self.back(payment, "1")), "nothing")

    def test_sentences_for_what_cannot_go_back(self) -> None:
        payment = self.begun()
        with self.assertRaisesMessage(reservations.RefundExceedsPaid, "This order isn’t paid yet."):
            self.ask_back(payment)
        self.hear(Double.took(payment))
        for amount, sentence in (
            ("70.01", "more than can be refunded"),
            ("0.001", "isn’t a valid amount in this currency"),
        ):
            with self.assertRaisesMessage(reservations.RefundExceedsPaid, sentence):
                self.ask_back(payment, amount)
        self.ask_back(payment)
        with self.assertRaisesMessage(reservations.RefundExceedsPaid, "has already been refunded"):
            self.ask_back(payment)


class DisputeTest(BackTestCase):
    def test_while_a_dispute_is_open_nothing_goes_back_and_the_office_knows(self) -> None:
        payment = self.paid()
        self.dispute(payment)
        self.dispute(payment)
        with self.assertRaisesMessage(reservations.PaymentDisputed, "The payer disputed a payment."):
            self.ask_back(payment)
        with self.assertRaises(transitions.OrderTransitionRefused):
            line_cancellation.cancel_line(payment.order.lines.get(), at=self.now, why="x", by=self.sam)
        self.assertEqual((Case.objects.get().kind, self.whole(payment)), (Case.Kind.DISPUTED, (0, 70, 0)))
        self.log_in(self.ada)
        page = self.client.get(reverse("desk_order", args=[payment.order_id]))
        self.assertContains(page, "No refunds or cancellations until the bank has decided.")
        self.assertNotContains(page, "<summary>Refund</summary>")
        self.assertNotContains(page, "Cancel single items")

    def badges(self, payment: Payment) -> list[str]:
        """Of the order and of the payment on the page of the order, in the list of orders and in that of payments."""
        self.log_in(self.ada)
        found = []
        for address in (
            reverse("desk_order", args=[payment.order_id]),
            reverse("desk_orders"),
            reverse("desk_payments"),
        ):
            page = self.client.get(address).content.decode()
            found += re.findall(r'"badge (?:good|warn|)">(Disputed|Paid|Refunded|Partially refunded)<', page)
        return found

    def test_while_a_dispute_is_open_nothing_says_paid(self) -> None:
        payment = self.paid()
        self.dispute(payment)
        self.assertEqual(self.badges(payment), ["Disputed"] * 4)
        self.dispute(payment, "won")
        self.assertEqual(self.badges(payment), ["Paid"] * 4)

    def test_after_a_lost_dispute_everything_says_refunded(self) -> None:
        payment = self.paid()
        self.dispute(payment, "lost")
        self.assertEqual(self.badges(payment), ["Refunded"] * 5, "the row of the refund as well")

    def test_after_a_dispute_about_a_part_was_lost_the_rest_is_still_paid(self) -> None:
        payment = self.paid()
        self.dispute(payment, "lost", "20")
        self.assertEqual(self.badges(payment).count("Partially refunded"), 4)

    def test_line_of_a_disputed_order_says_so_and_of_a_lost_one_that_it_was_refunded(self) -> None:
        for told, said in ((["open"], "Disputed"), (["open", "won"], "Paid"), (["lost"], "Refunded")):
            payment = self.paid()
            for state in told:
                self.dispute(payment, state)
            with self.subTest(said):
                self.assertEqual(status_text.line_status(OrderLine.objects.get(order=payment.order_id)).text, said)

    def test_canceling_at_the_desk_waits_for_the_bank_and_nobody_is_sent_to_themselves(self) -> None:
        payment = self.paid()
        self.dispute(payment)
        self.log_in(self.ada)
        address = reverse("desk_cancel_line", args=[payment.order_id, payment.order.lines.get().pk])
        for page in (self.client.get(address), self.client.post(address, {"why": "x"})):
            self.assertContains(page, "Nothing can be canceled until the bank has decided.", status_code=409)
            self.assertNotContains(page, "Cancel item", status_code=409)
            self.assertNotContains(page, "the office", status_code=409)

    def test_the_payer_who_cannot_cancel_finds_the_way_to_the_office(self) -> None:
        payment = self.paid()
        self.dispute(payment)
        page = self.client.get(payment.order.lines.get().cancel_address)
        self.assertContains(page, "Nothing can be canceled until the bank has decided.")
        self.assertContains(page, "Contact the office")

    @override_settings(OFFICE_EMAIL="office@example.org")
    def test_the_office_gets_a_mail_for_each_step(self) -> None:
        payment = self.paid()
        run_all()
        send_all()
        mail.outbox.clear()
        for state in ("open", "won"):
            self.dispute(payment, state)
            run_all()
            send_all()
        order = payment.order
        self.assertEqual(
            [message.subject for message in mail.outbox],
            [f"$70.00 is disputed (order {order.number})", f"Won: the dispute about $70.00 (order {order.number})"],
        )
        self.assertEqual(mail.outbox[0].to, ["office@example.org"])

    def test_a_dispute_that_is_won_leaves_everything_as_it_was(self) -> None:
        payment = self.paid()
        self.dispute(payment)
        self.dispute(payment, "won")
        self.assertEqual((self.whole(payment), states(payment.order)), ((0, 70, 0), ["confirmed"]))
        self.assertFalse(Case.objects.filter(closed_at=None).exists())
        self.ask_back(payment)

    def test_a_dispute_that_is_lost_takes_the_money_and_the_places_in_whichever_order_it_is_told(self) -> None:
        for told in (("open", "lost"), ("lost", "open"), ("lost",)):
            with self.subTest(told):
                payment = self.paid()
                for state in told:
                    self.dispute(payment, state)
                run_all()
                self.assertEqual((self.whole(payment), states(payment.order)), ((70, 0, 0), ["released"]))
                self.assertEqual(payment.refunds.get().origin, Refund.Origin.DISPUTE)
                self.assertNotIn("refund_made", self.told(payment.order))

    def test_when_part_is_lost_the_places_are_for_a_person(self) -> None:
        payment = self.paid()
        self.dispute(payment, "lost", "20")
        self.assertEqual((self.whole(payment), states(payment.order)), ((20, 50, 0), ["confirmed"]))
        self.assertIn("Should the spots stay?", Case.objects.get(closed_at=None).text)

    def test_what_is_lost_and_won_after_all_is_believed_when_asked(self) -> None:
        payment = self.paid()
        self.dispute(payment, "lost")
        self.dispute(payment, "won")
        self.assertEqual(self.whole(payment), (70, 0, 0))
        run_all()
        self.assertEqual((self.whole(payment)[0], Dispute.objects.get().state), (0, "won"))

    def test_what_is_won_and_lost_after_all_is_believed_when_asked(self) -> None:
        payment = self.paid()
        self.dispute(payment, "won")
        self.dispute(payment, "lost")
        run_all()
        self.assertEqual((self.whole(payment), Dispute.objects.get().state), ((70, 0, 0), "lost"))

    def test_a_reserved_refund_is_not_sent_once_the_bank_asks(self) -> None:
        payment = self.paid()
        refund = self.ask_back(payment)
        self.dispute(payment)
        run_all()
        refund.refresh_from_db()
        self.assertEqual((refund.state, Double.books[payment.token].refunds), (State.FAILED, {}))
        self.dispute(payment, "lost")
        self.assertEqual(self.whole(payment), (70, 0, 0))

    def test_an_order_that_cannot_take_its_money_waits_for_the_bank(self) -> None:
        order = self.placed(1, 2)
        payment = self.begun(order)
        self.hear(Double.took(payment))
        self.dispute(payment)
        order.refresh_from_db()
        reservations.return_late_payment(order, Decimal(5))
        self.assertTrue(Case.objects.filter(kind=Case.Kind.HAND_BACK).exists())

    def test_a_dispute_about_money_that_is_not_here_yet_is_told_again(self) -> None:
        self.assertRaises(gateway_refunds.UnknownYet, self.dispute, self.begun())
