"""Refunds made in the gateway's dashboard, and disputes raised by the payer's bank."""

import re
from decimal import Decimal
from typing import Any

from django.core import mail
from django.db import transaction
from django.test import override_settings
from django.urls import reverse

from billing.domain import locks, status_text
from billing.domain.cancellations import line_cancellation
from billing.domain.orders import due_dates
from billing.domain.payments import gateway_polling
from billing.domain.pricing import balances
from billing.domain.refunds import reservations
from billing.domain.refunds.apply import return_overpayment
from billing.errors import NotRecordedYet, OrderTransitionRefused, PaymentDisputed, RefundExceedsPaid
from billing.gateways.facts import DisputeState, PaymentCaptured, RefundAnswer, RefundState, WebhookMessage
from billing.models import Dispute, Order, OrderLine, Payment, PaymentIssue, Refund
from common.errors import PermanentFailure
from mailroom.testing import send_all
from outbox.testing import delivery_problems, run_all
from tests.billing.exchanges import place_exchange_order
from tests.billing.hosted_gateway import FakeGateway, HostedGatewayTestCase
from tests.billing.toys import Toy, ToyKind, toy_states

State = Refund.State


class GatewayRefundTestCase(HostedGatewayTestCase):
    def refund_message(
        self, payment: Payment, amount: str = "70", state: str = "done", name: str = "r-1", **more: Any
    ) -> WebhookMessage:
        return FakeGateway.report_fact(payment, RefundState(name, Decimal(amount), "USD", state, **more))

    def dispute(self, payment: Payment, state: str = "open", amount: str = "70") -> str:
        return self.process_webhook(
            FakeGateway.report_fact(payment, DisputeState("d-1", Decimal(amount), "USD", state, "fraudulent"))
        )

    def refund_by_staff(self, payment: Payment, amount: str = "70") -> Refund:
        [refund] = reservations.refund_by_staff(payment.order, Decimal(amount), why="x", by=self.sam)
        return refund

    def amounts(self, payment: Payment) -> tuple[Decimal, Decimal, Decimal]:
        """Return the refunded, the charged and the overpaid amount."""
        payment.refresh_from_db()
        payment.order.refresh_from_db()
        return payment.refunded_amount, payment.order.amount_charged, balances.overpaid_amount(payment.order)


class DueDateOfDisputedExchangeTest(GatewayRefundTestCase):
    def test_due_date_is_refused_with_a_reason_while_the_exchanged_line_is_disputed(self) -> None:
        ToyKind.catalogue[4] = Toy("100")
        payment = self.create_paid_payment()
        later = place_exchange_order(payment.order.lines.get(), 4, self.now)
        self.dispute(payment)
        reason = "Toy 4: The payment is disputed at the bank, so this can’t be exchanged."
        with self.assertRaisesMessage(OrderTransitionRefused, reason):
            due_dates.set_due_date(later, self.date_in_days(3), self.now, why="x", by=self.ada)
        later.refresh_from_db()
        self.assertEqual((later.due_kind, later.due_date), ("now", None))
        self.log_in(self.ada)
        page = self.client.post(
            reverse("desk_pay_later", args=[later.pk]), {"due_date": self.date_in_days(3), "why": "A grant pays"}
        )
        self.assertContains(page, reason, status_code=400)


class RefundFactsTest(GatewayRefundTestCase):
    def test_refund_is_sent_first_and_done_when_the_gateway_confirms_it(self) -> None:
        payment = self.create_paid_payment()
        FakeGateway.refund_state = "sent"
        refund = self.refund_by_staff(payment)
        run_all()
        refund.refresh_from_db()
        self.assertEqual((refund.state, self.amounts(payment)), (State.SENT, (70, 0, 0)))
        self.assertIsNotNone(payment.next_poll_at)
        self.process_webhook(self.refund_message(payment, name=refund.transaction_id, key=refund.idempotency_key))
        refund.refresh_from_db()
        self.assertEqual((refund.state, Payment.objects.get().status), (State.DONE, "refunded"))
        self.assertEqual(self.mails_of(payment.order).count("refund_completed"), 1)

    def test_refund_webhook_that_arrives_before_the_response_is_applied_once(self) -> None:
        payment = self.create_paid_payment()
        refund = self.refund_by_staff(payment)
        FakeGateway.during_call = lambda: self.process_webhook(
            self.refund_message(payment, name=f"r-{refund.idempotency_key}", key=refund.idempotency_key)
        )  # type: ignore[misc]
        gateway_polling.send_reserved_refund(refund.pk)
        refund.refresh_from_db()
        self.assertEqual((refund.state, refund.transaction_id), (State.DONE, f"r-{refund.idempotency_key}"))
        self.assertEqual((Refund.objects.count(), self.amounts(payment)), (1, (70, 0, 0)))

    def test_refund_made_at_the_gateway_is_recorded_and_opens_an_issue_about_the_spots(self) -> None:
        payment = self.create_paid_payment()
        for _ in range(2):
            self.process_webhook(self.refund_message(payment, "30"))
        refund = Refund.objects.get()
        self.assertEqual(
            (refund.origin, refund.state, self.amounts(payment)),
            ("theirs", State.DONE, (30, 40, 0)),
        )
        self.assertEqual(
            (PaymentIssue.objects.get().kind, toy_states(payment.order)), (PaymentIssue.Kind.OTHER, ["confirmed"])
        )
        self.process_webhook(self.refund_message(payment, "40", name="r-2"))
        self.assertEqual((self.amounts(payment), payment.status), ((70, 0, 0), "refunded"))

    def test_failed_refund_at_the_gateway_changes_no_balance_in_any_message_order(self) -> None:
        for turn in (1, -1):
            with self.subTest(turn):
                payment = self.create_paid_payment()
                messages = [
                    self.refund_message(payment, state=state, name=f"r-{payment.pk}") for state in ("sent", "failed")
                ]
                for message in messages[::turn]:
                    self.process_webhook(message)
                run_all()
                self.assertEqual(
                    (self.amounts(payment), payment.refunds.get().state),
                    ((0, 70, 0), State.FAILED),
                )

    def test_refund_message_without_our_key_is_retried_while_our_refund_is_being_sent(self) -> None:
        payment = self.create_paid_payment()
        refund = self.refund_by_staff(payment)
        message = self.refund_message(payment, name=f"r-{refund.idempotency_key}")
        self.assertRaises(NotRecordedYet, self.process_webhook, message)
        gateway_polling.send_reserved_refund(refund.pk)
        self.process_webhook(message)
        self.assertEqual((Refund.objects.count(), self.amounts(payment)), (1, (70, 0, 0)))

    def test_refund_already_made_at_the_gateway_is_found_and_recorded_once(self) -> None:
        payment = self.create_paid_payment()
        self.refund_by_staff(payment)
        FakeGateway.is_refunded_already = True
        FakeGateway.record_fact(payment, RefundState("r-theirs", Decimal(70), "USD", "done"))
        run_all()
        self.assertEqual(
            sorted(Refund.objects.values_list("origin", "state")), [("ours", "failed"), ("theirs", "done")]
        )
        self.assertEqual((self.amounts(payment), delivery_problems()), ((70, 0, 0), []))
        self.assertFalse(PaymentIssue.objects.filter(closed_at=None).exists())

    def test_gateway_refund_above_the_payment_opens_a_payment_issue(self) -> None:
        payment = self.create_paid_payment()
        self.process_webhook(self.refund_message(payment, "100"))
        self.assertEqual(self.amounts(payment), (70, 0, 0))
        self.assertTrue(PaymentIssue.objects.filter(kind=PaymentIssue.Kind.MISFIT).exists())

    def test_refund_that_the_gateway_refuses_frees_its_amount_and_opens_a_payment_issue(self) -> None:
        payment = self.create_paid_payment()
        refund = self.refund_by_staff(payment)
        FakeGateway.errors_before.append(PermanentFailure("The card does not exist any more."))
        run_all()
        refund.refresh_from_db()
        self.assertEqual((refund.state, refund.message), (State.FAILED, "The card does not exist any more."))
        self.assertEqual(
            (PaymentIssue.objects.get().kind, self.amounts(payment)),
            (PaymentIssue.Kind.REFUND_FAILED, (0, 0, 70)),
        )

    def test_refund_recorded_as_failed_is_corrected_by_polling_the_gateway(self) -> None:
        payment = self.create_paid_payment()
        refund = self.refund_by_staff(payment)
        reservations.record_gateway_answer(refund.pk, RefundAnswer(State.FAILED))
        self.process_webhook(self.refund_message(payment, name="r-9", key=refund.idempotency_key))
        self.assertEqual(self.amounts(payment), (0, 0, 70))
        run_all()
        refund.refresh_from_db()
        self.assertEqual((refund.state, self.amounts(payment)), (State.DONE, (70, 0, 0)))
        self.assertFalse(PaymentIssue.objects.filter(closed_at=None).exists())

    def test_old_reserved_refund_is_looked_up_at_the_gateway_before_it_is_sent_again(self) -> None:
        payment = self.create_paid_payment()
        refund = self.refund_by_staff(payment)
        FakeGateway.report_fact(payment, RefundState("r-9", Decimal(70), "USD", "done", key=refund.idempotency_key))
        Refund.objects.update(created_at=self.time_in_days(-1))
        gateway_polling.send_reserved_refund(refund.pk)
        refund.refresh_from_db()
        self.assertEqual((refund.state, refund.transaction_id), (State.DONE, "r-9"))

    def test_refund_with_another_amount_or_currency_opens_a_payment_issue(self) -> None:
        payment = self.create_paid_payment()
        refund = self.refund_by_staff(payment)
        self.process_webhook(self.refund_message(payment, "7", name="r-9", key=refund.idempotency_key))
        self.process_webhook(
            FakeGateway.report_fact(payment, RefundState("r-8", Decimal(5), "EUR", "done", key=refund.idempotency_key))
        )
        self.assertEqual(PaymentIssue.objects.filter(kind=PaymentIssue.Kind.MISFIT).count(), 2)
        self.assertEqual(self.amounts(payment), (70, 0, 0))

    def test_gateway_refund_of_a_wrong_captured_amount_changes_nothing(self) -> None:
        payment = self.start_attempt()
        self.process_webhook(FakeGateway.report_fact(payment, PaymentCaptured(Decimal(1), "USD", "money-1")))
        self.assertEqual(self.process_webhook(self.refund_message(payment, "1")), "nothing")

    def test_refused_refund_says_why(self) -> None:
        payment = self.start_attempt()
        with self.assertRaisesMessage(RefundExceedsPaid, "This order isn’t paid yet."):
            self.refund_by_staff(payment)
        self.process_webhook(FakeGateway.report_capture(payment))
        for amount, sentence in (
            ("70.01", "more than can be refunded"),
            ("0.001", "isn’t a valid amount in this currency"),
        ):
            with self.assertRaisesMessage(RefundExceedsPaid, sentence):
                self.refund_by_staff(payment, amount)
        self.refund_by_staff(payment)
        with self.assertRaisesMessage(RefundExceedsPaid, "has already been refunded"):
            self.refund_by_staff(payment)


class DisputeTest(GatewayRefundTestCase):
    def test_open_dispute_blocks_refunds_and_cancellations_and_opens_a_payment_issue(self) -> None:
        payment = self.create_paid_payment()
        self.dispute(payment)
        self.dispute(payment)
        with self.assertRaisesMessage(PaymentDisputed, "The payer disputed a payment."):
            self.refund_by_staff(payment)
        with self.assertRaises(OrderTransitionRefused):
            line_cancellation.cancel_line(payment.order.lines.get(), at=self.now, why="x", by=self.sam)
        self.assertEqual(
            (PaymentIssue.objects.get().kind, self.amounts(payment)), (PaymentIssue.Kind.DISPUTED, (0, 70, 0))
        )
        self.log_in(self.ada)
        page = self.client.get(reverse("desk_order", args=[payment.order_id]))
        self.assertContains(page, "Refunds and cancellations are blocked until the bank decides.")
        self.assertNotContains(page, "<summary>Refund</summary>")
        self.assertNotContains(page, "Cancel single items")

    def badges(self, payment: Payment) -> list[str]:
        """Return the badges on the order page (order and payment), in the order list and in the payment list."""
        self.log_in(self.ada)
        badges = []
        for address in (
            reverse("desk_order", args=[payment.order_id]),
            reverse("desk_orders"),
            reverse("desk_payments"),
        ):
            page = self.client.get(address).content.decode()
            badges += re.findall(r'"badge (?:good|warn|)">(Disputed|Paid|Refunded|Partially refunded)<', page)
        return badges

    def test_disputed_payment_is_not_shown_as_paid_until_the_dispute_is_won(self) -> None:
        payment = self.create_paid_payment()
        self.dispute(payment)
        self.assertEqual(self.badges(payment), ["Disputed"] * 4)
        self.dispute(payment, "won")
        self.assertEqual(self.badges(payment), ["Paid"] * 4)

    def test_lost_dispute_is_shown_as_refunded_everywhere(self) -> None:
        payment = self.create_paid_payment()
        self.dispute(payment, "lost")
        self.assertEqual(self.badges(payment), ["Refunded"] * 5, "the row of the refund as well")

    def test_lost_partial_dispute_is_shown_as_partially_refunded(self) -> None:
        payment = self.create_paid_payment()
        self.dispute(payment, "lost", "20")
        self.assertEqual(self.badges(payment).count("Partially refunded"), 4)

    def test_line_status_follows_the_state_of_the_dispute(self) -> None:
        for dispute_states, status in ((["open"], "Disputed"), (["open", "won"], "Paid"), (["lost"], "Refunded")):
            payment = self.create_paid_payment()
            for state in dispute_states:
                self.dispute(payment, state)
            with self.subTest(status):
                self.assertEqual(status_text.line_status(OrderLine.objects.get(order=payment.order_id)).text, status)

    def test_desk_cannot_cancel_a_disputed_line_and_is_not_referred_to_the_office(self) -> None:
        payment = self.create_paid_payment()
        self.dispute(payment)
        self.log_in(self.ada)
        address = reverse("desk_cancel_line", args=[payment.order_id, payment.order.lines.get().pk])
        for page in (self.client.get(address), self.client.post(address, {"why": "x"})):
            self.assertContains(page, "Nothing can be canceled until the bank has decided.", status_code=409)
            self.assertNotContains(page, "Cancel item", status_code=409)
            self.assertNotContains(page, "the office", status_code=409)

    def test_payer_of_a_disputed_order_is_referred_to_the_office(self) -> None:
        payment = self.create_paid_payment()
        self.dispute(payment)
        page = self.client.get(payment.order.lines.get().cancel_address)
        self.assertContains(page, "Nothing can be canceled until the bank has decided.")
        self.assertContains(page, "Contact the office")

    @override_settings(OFFICE_EMAIL="office@example.org")
    def test_office_gets_a_mail_for_each_step_of_a_dispute(self) -> None:
        payment = self.create_paid_payment()
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

    def test_won_dispute_changes_nothing_and_closes_the_payment_issue(self) -> None:
        payment = self.create_paid_payment()
        self.dispute(payment)
        self.dispute(payment, "won")
        self.assertEqual((self.amounts(payment), toy_states(payment.order)), ((0, 70, 0), ["confirmed"]))
        self.assertFalse(PaymentIssue.objects.filter(closed_at=None).exists())
        self.refund_by_staff(payment)

    def test_lost_dispute_refunds_the_payment_and_releases_the_spots_in_any_message_order(self) -> None:
        for messages in (("open", "lost"), ("lost", "open"), ("lost",)):
            with self.subTest(messages):
                payment = self.create_paid_payment()
                for state in messages:
                    self.dispute(payment, state)
                run_all()
                self.assertEqual((self.amounts(payment), toy_states(payment.order)), ((70, 0, 0), ["released"]))
                self.assertEqual(payment.refunds.get().origin, Refund.Origin.DISPUTE)
                self.assertNotIn("refund_completed", self.events_of(payment.order))

    def test_lost_partial_dispute_keeps_the_spots_and_opens_a_payment_issue(self) -> None:
        payment = self.create_paid_payment()
        self.dispute(payment, "lost", "20")
        self.assertEqual((self.amounts(payment), toy_states(payment.order)), ((20, 50, 0), ["confirmed"]))
        self.assertIn("Should the spots stay?", PaymentIssue.objects.get(closed_at=None).description)

    def test_lost_dispute_that_is_won_later_is_corrected_by_polling(self) -> None:
        payment = self.create_paid_payment()
        self.dispute(payment, "lost")
        self.dispute(payment, "won")
        self.assertEqual(self.amounts(payment), (70, 0, 0))
        run_all()
        self.assertEqual((self.amounts(payment)[0], Dispute.objects.get().state), (0, "won"))

    def test_won_dispute_that_is_lost_later_is_corrected_by_polling(self) -> None:
        payment = self.create_paid_payment()
        self.dispute(payment, "won")
        self.dispute(payment, "lost")
        run_all()
        self.assertEqual((self.amounts(payment), Dispute.objects.get().state), ((70, 0, 0), "lost"))

    def test_reserved_refund_is_not_sent_once_the_payment_is_disputed(self) -> None:
        payment = self.create_paid_payment()
        refund = self.refund_by_staff(payment)
        self.dispute(payment)
        run_all()
        refund.refresh_from_db()
        self.assertEqual((refund.state, FakeGateway.records[payment.token].refunds), (State.FAILED, {}))
        self.dispute(payment, "lost")
        self.assertEqual(self.amounts(payment), (70, 0, 0))

    def test_late_payment_that_is_disputed_opens_a_payment_issue_instead_of_a_refund(self) -> None:
        order = self.place_new_order(1, 2)
        payment = self.start_attempt(order)
        self.process_webhook(FakeGateway.report_capture(payment))
        self.dispute(payment)
        order.refresh_from_db()
        Order.objects.filter(pk=order.pk).update(amount_charged=order.amount_charged - 5)
        with transaction.atomic():
            return_overpayment(locks.lock_order(order.pk), self.now, "Too late")
        self.assertTrue(PaymentIssue.objects.filter(kind=PaymentIssue.Kind.HAND_BACK).exists())

    def test_dispute_about_an_uncaptured_payment_is_retried_later(self) -> None:
        self.assertRaises(NotRecordedYet, self.dispute, self.start_attempt())
