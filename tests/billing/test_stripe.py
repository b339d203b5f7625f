from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.test import override_settings, tag
from django.utils import timezone

from billing import gateways
from billing.domain.cancellations import line_cancellation
from billing.domain.orders import transitions
from billing.domain.payments import attempts, gateway_polling
from billing.gateways.facts import (
    AttemptExpired,
    DisputeState,
    GatewayLine,
    PaymentCaptured,
    PaymentDeclined,
    PaymentPending,
    RefundAnswer,
    RefundState,
)
from billing.gateways.stripe import sessions
from billing.models import Dispute, Order, Payment, PaymentIssue, Refund
from common.errors import NeedsPerson, PermanentFailure, TemporaryFailure, WorkFailure
from common.network import OpenTransaction
from outbox.testing import run_all
from tests.billing.base import create_second_attempt
from tests.billing.stripe import DECLINED, GOOD, StripeTestCase
from tests.fakes.stripe_server.refunds_and_disputes import REFUND_WAITS

State = Refund.State
SESSIONS, REFUNDS = "POST /v1/checkout/sessions", "POST /v1/refunds"


@tag("once")
class CreateSessionTest(StripeTestCase):
    def test_session_is_created_for_exactly_the_amount_due(self) -> None:
        payment = self.start_attempt()
        session = self.books.session(payment.session)
        self.assertEqual(payment.session_url, session["url"])
        self.assertEqual((session["amount_total"], session["currency"]), (7000, "usd"))
        self.assertEqual(session["client_reference_id"], payment.token)
        self.assertEqual(session["metadata"], {"token": payment.token, "order": payment.order.number})
        self.assertFalse(session["adaptive_pricing"]["enabled"])
        self.assertEqual(session["success_url"], f"http://testserver/payments/process/{payment.token}/")

    def test_cancel_link_ends_payment_and_offers_all_methods(self) -> None:
        payment = self.start_attempt()
        page = self.client.get(self.books.session(payment.session)["cancel_url"], follow=True)
        self.assertContains(page, "The payment was canceled or timed out. You haven’t been charged.")
        self.assertNotContains(page, "has been started")
        self.assertIn("practice", [name for name, _ in page.context["methods"]])
        self.assertEqual(self.books.session(payment.session)["status"], "expired")

    def test_cancel_link_of_paid_payment_changes_nothing(self) -> None:
        payment = self.start_attempt()
        self.books.pay(payment.session, GOOD)
        page = self.client.get(payment.canceled_address, follow=True)
        self.assertContains(page, "We’ve received your payment.")

    def test_session_expires_soon_after_the_hold_and_within_stripes_limits(self) -> None:
        for minutes, least, most in ((30, 31, 36), (60, 60, 65), (1440, 1380, 1385)):
            with self.subTest(minutes=minutes), override_settings(HOLD_MINUTES=minutes):
                open_for = sessions.session_expiry() - timezone.now()
                self.assertGreater(open_for, timedelta(minutes=least, seconds=-5))
                self.assertLess(open_for, timedelta(minutes=most))

    def test_second_click_leads_to_the_same_session(self) -> None:
        payment = self.start_attempt()
        again = self.gateway.create_session(payment, payment.key)
        self.assertEqual(again.session, payment.session)
        self.assertEqual(len(self.books.every("checkout.session")), 1)

    def test_lost_answer_creates_no_second_session(self) -> None:
        for kind in ("drop", "after"):
            with self.subTest(kind):
                self.fake.faults.order(SESSIONS, kind)
                self.assertTrue(self.start_attempt(self.place_new_order(2)).session)
        self.assertEqual(len(self.books.every("checkout.session")), 2)
        self.assertEqual(len(self.fake.requests_to(SESSIONS)), 4)

    def test_stripe_error_status_becomes_temporary_staff_or_permanent_failure(self) -> None:
        faults = {
            500: TemporaryFailure,
            503: TemporaryFailure,
            429: TemporaryFailure,
            409: TemporaryFailure,
            401: NeedsPerson,
            403: NeedsPerson,
        }
        for status, kind in (faults | {400: PermanentFailure}).items():
            with self.subTest(status=status):
                self.fake.faults.clear()
                self.fake.faults.order(SESSIONS, "before", status=status, times=9)
                with self.assertRaises(kind):
                    self.start_attempt(self.place_new_order(2))
        self.assertEqual(self.books.every("checkout.session"), [])

    def test_unreachable_stripe_is_temporary_failure(self) -> None:
        gone = gateways.gateway_named("stripe").__class__("sk_test_x", ["whsec_x"], "http://127.0.0.1:9")
        payment = self.start_attempt()
        with self.assertRaises(TemporaryFailure):
            gone.create_session(payment, payment.key)

    def test_wrong_api_key_needs_staff(self) -> None:
        stranger = gateways.gateway_named("stripe").__class__("sk_test_other", ["whsec_x"], self.fake.url)
        payment = self.start_attempt()
        with self.assertRaises(NeedsPerson):
            stranger.create_session(payment, payment.key)

    def test_unsupported_amounts_are_refused_with_message(self) -> None:
        payment = self.start_attempt()
        for total, currency, message in (
            ("0.20", "USD", "This amount is too small for a card payment."),
            ("10.005", "USD", "10.005 USD has more digits than Stripe takes."),
        ):
            payment.total, payment.currency = Decimal(total), currency
            with self.subTest(message), self.assertRaisesMessage(WorkFailure, message):
                self.gateway.create_session(payment, f"key-{total}")

    def test_stripe_is_not_called_inside_transaction(self) -> None:
        payment = self.start_attempt()
        with transaction.atomic():
            for act in (lambda: self.gateway.poll_payment(payment), lambda: self.gateway.refund(payment, key="k")):
                with self.assertRaises(OpenTransaction):
                    act()


@tag("once")
class PollPaymentTest(StripeTestCase):
    def test_open_session_reports_nothing(self) -> None:
        payment = self.start_attempt()
        self.books.pay(payment.session, DECLINED)
        self.assertEqual(self.gateway.poll_payment(payment), [])

    def test_captured_payment_is_reported_with_fee(self) -> None:
        payment = self.pay_at_stripe()
        taken = PaymentCaptured(Decimal(70), "USD", payment.transaction_id, fee=Decimal("2.33"))
        self.assertEqual(self.gateway.poll_payment(payment), [taken])

    def test_bank_debit_is_pending_until_the_bank_declines(self) -> None:
        payment = self.start_attempt()
        self.books.pay_from_bank(payment.session)
        self.assertIsInstance(self.gateway.poll_payment(payment)[0], PaymentPending)
        self.books.settle(payment.session, good=False)
        self.assertEqual(self.gateway.poll_payment(payment), [PaymentDeclined("The bank did not pay.")])

    def test_bank_debit_is_captured_when_the_bank_accepts(self) -> None:
        payment = self.start_attempt()
        self.books.pay_from_bank(payment.session)
        self.books.settle(payment.session, good=True)
        self.assertIsInstance(self.gateway.poll_payment(payment)[0], PaymentCaptured)

    def test_abandoned_session_is_expired(self) -> None:
        payment = self.start_attempt()
        self.fake.forward(60 * 60)
        self.assertEqual(self.gateway.poll_payment(payment), [AttemptExpired()])

    def test_refunds_and_disputes_are_reported_individually(self) -> None:
        payment = self.pay_at_stripe()
        refund = self.books.refund({"payment_intent": payment.transaction_id, "amount": 500})
        dispute = self.books.dispute(payment.transaction_id)
        _, *facts = self.gateway.poll_payment(payment)
        refunded = RefundState(refund["id"], Decimal(5), "USD", State.DONE)
        self.assertEqual(
            facts, [refunded, DisputeState(dispute["id"], Decimal(65), "USD", Dispute.State.OPEN, "fraudulent")]
        )

    def test_session_of_another_payment_needs_staff(self) -> None:
        payment, other = self.pay_at_stripe(), self.start_attempt(self.place_new_order(2))
        other.session = payment.session
        with self.assertRaises(NeedsPerson):
            self.gateway.poll_payment(other)


@tag("once")
class CloseSessionTest(StripeTestCase):
    """A session that was left open must not be paid a second time."""

    def pay_with_another_method(self) -> tuple[Payment, Payment]:
        left = self.start_attempt()
        other = create_second_attempt(left.order)
        attempts.confirm_payment(other, PaymentCaptured(other.total, other.currency))
        return left, other

    def session_status(self, payment: Payment) -> str:
        return str(self.books.session(payment.session)["status"])

    def test_session_is_closed_when_order_was_paid_with_another_method(self) -> None:
        left, other = self.pay_with_another_method()
        self.assertEqual(self.session_status(left), "open")
        run_all()
        self.assertEqual(self.session_status(left), "expired")
        self.assertEqual(
            [Payment.objects.get(pk=payment.pk).status for payment in (left, other)], ["cancelled", "confirmed"]
        )
        self.assertEqual(list(PaymentIssue.objects.all()), [])

    def test_session_is_closed_when_order_was_canceled_or_its_total_changed(self) -> None:
        whole, part = self.start_attempt(self.place_new_order(1)), self.start_attempt(self.place_new_order(1, 2))
        transitions.cancel_unpaid_order(whole.order, at=self.now, why="Changed their mind.")
        line_cancellation.cancel_line(part.order.lines.all()[0], at=self.now, why="Changed their mind.")
        run_all()
        self.assertEqual([self.session_status(payment) for payment in (whole, part)], ["expired", "expired"])

    def test_needed_session_and_session_of_expired_order_stay_open(self) -> None:
        needed, late = self.start_attempt(self.place_new_order(1)), self.start_attempt(self.place_new_order(1))
        Order.objects.filter(pk=late.order_id).update(held_until=self.time_in_days(-1))
        for payment in (needed, late):
            gateway_polling.close_unneeded_attempts(Order.objects.get(pk=payment.order_id))
        self.assertEqual([self.session_status(payment) for payment in (needed, late)], ["open", "open"])

    def test_failed_closing_is_retried_and_repeated_closing_changes_nothing(self) -> None:
        left, _ = self.pay_with_another_method()
        self.fake.faults.order("POST /v1/checkout/sessions/*/expire", "drop", times=9)
        with self.assertRaises(TemporaryFailure):
            gateway_polling.close_unneeded_attempts(left.order)
        self.assertEqual(Payment.objects.get(pk=left.pk).status, "waiting")
        self.fake.faults.clear()
        for _ in range(2):
            gateway_polling.close_unneeded_attempts(Order.objects.get(pk=left.order_id))
        self.assertEqual((self.session_status(left), Payment.objects.get(pk=left.pk).status), ("expired", "cancelled"))

    def test_session_paid_while_being_closed_is_reported_as_captured_and_overpaid(self) -> None:
        left, _ = self.pay_with_another_method()
        self.books.pay(left.session, GOOD)
        self.assertIsInstance(self.gateway.close(left)[0], PaymentCaptured)
        run_all()
        self.assertEqual(PaymentIssue.objects.get().kind, PaymentIssue.Kind.OVERPAID)


@tag("once")
class RefundTest(StripeTestCase):
    def test_partial_refund_carries_our_key(self) -> None:
        payment = self.pay_at_stripe()
        answer = self.gateway.refund(payment, Decimal("12.50"), key="ours")
        [refund] = self.books.every("refund")
        self.assertEqual(answer, RefundAnswer(State.DONE, refund["id"]))
        self.assertEqual((refund["amount"], refund["metadata"]["refund"]), (1250, "ours"))

    def test_repeated_refund_request_creates_one_refund(self) -> None:
        payment = self.pay_at_stripe()
        for kind in ("drop", "after"):
            self.fake.faults.order(REFUNDS, kind)
            self.gateway.refund(payment, Decimal(10), key="ours")
        self.assertEqual(len(self.books.every("refund")), 1)

    def test_pending_refund_can_fail_later(self) -> None:
        payment = self.pay_at_stripe(REFUND_WAITS)
        self.assertEqual(self.gateway.refund(payment, Decimal(10), key="ours").state, State.SENT)
        self.books.settle_refund(self.books.every("refund")[0]["id"], good=False)
        _, refunded = self.gateway.poll_payment(payment)
        assert isinstance(refunded, RefundState)
        self.assertEqual(
            (refunded.state, refunded.message, refunded.key), (State.FAILED, "expired or canceled card", "ours")
        )

    def test_refund_of_already_refunded_money_fails_as_already_refunded(self) -> None:
        payment = self.pay_at_stripe()
        self.books.refund({"payment_intent": payment.transaction_id, "amount": 6500})
        part = self.gateway.refund(payment, Decimal(10), key="one")
        self.assertEqual((part.state, part.already), (State.FAILED, True))
        self.books.refund({"payment_intent": payment.transaction_id})
        whole = self.gateway.refund(payment, Decimal(5), key="two")
        self.assertEqual((whole.state, whole.already), (State.FAILED, True))

    def test_refund_above_paid_amount_fails(self) -> None:
        answer = self.gateway.refund(self.pay_at_stripe(), Decimal(71), key="ours")
        self.assertEqual((answer.state, answer.already), (State.FAILED, False))

    def test_disputed_payment_is_not_refunded(self) -> None:
        payment = self.pay_at_stripe()
        self.books.dispute(payment.transaction_id)
        answer = self.gateway.refund(payment, Decimal(10), key="ours")
        self.assertEqual(answer.state, State.FAILED)
        self.assertIn("The payer disputed this payment", answer.message)

    def test_insufficient_balance_needs_staff_and_refund_succeeds_after_top_up(self) -> None:
        payment = self.pay_at_stripe()
        self.books.short = True
        for _ in range(2):
            with self.assertRaisesMessage(NeedsPerson, "Top it up"):
                self.gateway.refund(payment, Decimal(10), key="ours")
        self.books.short = False
        for _ in range(2):
            later = {key: kept for key, kept in self.fake.api.replies.items() if key == "ours"}
            self.fake.api.replies = later  # The key contains the hour, and an hour has passed.
            self.assertEqual(self.gateway.refund(payment, Decimal(10), key="ours").state, State.DONE)
        self.assertEqual(len(self.books.every("refund")), 1)


@tag("once")
class StatementTest(StripeTestCase):
    def statement(self) -> list[GatewayLine]:
        around = timedelta(hours=1)
        return list(self.gateway.statement_lines(self.now - around, self.now + around))

    def test_statement_lists_payment_refund_and_payout_with_fee(self) -> None:
        payment = self.pay_at_stripe()
        refund = self.gateway.refund(payment, Decimal(10), key="ours")
        payout = self.books.pay_out()
        payout_line, refund_line, payment_line = (each for each in self.statement())
        self.assertEqual(
            (payment_line.kind, payment_line.reference, payment_line.amount),
            ("payment", payment.transaction_id, Decimal(70)),
        )
        self.assertEqual(
            (payment_line.fee, payment_line.payout, payment_line.about.token),
            (Decimal("2.33"), payout["id"], payment.token),
        )
        self.assertEqual(
            (refund_line.kind, refund_line.reference, refund_line.amount), ("refund", refund.reference, Decimal(-10))
        )
        self.assertEqual((payout_line.kind, payout_line.amount), ("other", Decimal("-57.67")))

    def test_won_dispute_appears_twice_in_statement(self) -> None:
        dispute = self.books.dispute(self.pay_at_stripe().transaction_id)
        self.books.close_dispute(dispute["id"], won=True)
        sums = [each.amount for each in self.statement() if each.kind == "dispute"]
        self.assertEqual(sums, [Decimal(70), Decimal(-70)])

    def test_long_statement_is_read_page_by_page(self) -> None:
        payment = self.pay_at_stripe()
        for _ in range(120):
            self.books.book("charge", payment.transaction_id, 100, "usd")
        self.assertEqual(len(self.statement()), 121)
        self.assertEqual(len(self.fake.requests_to("GET /v1/balance_transactions")), 2)

    def test_lines_outside_the_range_are_omitted(self) -> None:
        self.pay_at_stripe()
        late = self.current_time() + timedelta(hours=1)
        self.assertEqual(list(self.gateway.statement_lines(late, late + timedelta(days=1))), [])

    def test_converted_amounts_are_reported_in_the_paid_currency(self) -> None:
        self.pay_at_stripe()
        [line] = self.books.every("balance_transaction")
        line |= {"currency": "eur", "amount": 6300, "fee": 210, "exchange_rate": 0.9}
        [payment_line] = self.statement()
        self.assertEqual(
            (payment_line.amount, payment_line.currency, payment_line.fee), (Decimal(70), "USD", Decimal("2.33"))
        )


@tag("once")
class ForeignCurrencyFeeTest(StripeTestCase):
    def test_fee_in_another_currency_is_not_reported(self) -> None:
        payment = self.start_attempt()
        self.books.pay(payment.session, GOOD)
        self.books.every("balance_transaction")[0]["currency"] = "eur"
        [taken] = self.gateway.poll_payment(payment)
        self.assertIsNone(taken.fee if isinstance(taken, PaymentCaptured) else taken)
