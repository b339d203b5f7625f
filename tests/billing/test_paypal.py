"""PayPal as a gateway: creating orders, polling, refunds, statements and settings."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.test import override_settings

from accounting.domain.reconciliation.our_entries import our_entries
from accounting.rules.statement_matching import Window, match_entries
from billing import checks, gateways
from billing.domain.payments import gateway_polling
from billing.domain.refunds import reservations
from billing.gateways import configuration
from billing.gateways.facts import (
    AttemptExpired,
    DisputeState,
    PaymentCaptured,
    PaymentDeclined,
    PaymentPending,
    RefundState,
)
from billing.gateways.paypal import approval_hosts, orders
from billing.models import Order, Payment, Refund
from common.errors import NeedsPerson, PermanentFailure, TemporaryFailure
from common.network import OpenTransaction
from outbox.testing import run_all
from tests.billing.base import create_second_attempt
from tests.billing.paypal import PayPalTestCase

FITTING = [("matched", "payment"), ("matched", "refund"), ("matched", "dispute")]
CAPTURE = "POST /v2/checkout/orders/*/capture"
FEE = Decimal("0.0299")


class CreateOrderTest(PayPalTestCase):
    def test_order_names_payment_payee_amount_and_return_address(self) -> None:
        payment = self.start_attempt()
        order, context = self.fake.books.orders[payment.session], self.fake.books.contexts[payment.session]
        unit = order["purchase_units"][0]
        self.assertEqual(order["intent"], "CAPTURE")
        self.assertEqual(unit["amount"], {"currency_code": "USD", "value": f"{payment.total:.2f}"})
        self.assertEqual((unit["custom_id"], unit["payee"]), (payment.token, {"email_address": "school@example.org"}))
        self.assertEqual(context["return_url"], f"{settings.SITE_URL}/payments/process/{payment.token}/")
        self.assertEqual((context["user_action"], context["shipping_preference"]), ("PAY_NOW", "NO_SHIPPING"))
        self.assertEqual(payment.session_url, f"{self.fake.url}/checkoutnow?token={payment.session}")

    def test_cancel_link_ends_payment(self) -> None:
        payment = self.start_attempt()
        self.client.get(self.fake.books.contexts[payment.session]["cancel_url"] + "&token=X")
        payment.refresh_from_db()
        self.assertEqual(payment.status, "cancelled")

    def test_same_key_returns_same_order(self) -> None:
        payment = self.start_attempt()
        self.assertEqual(self.paypal.create_session(payment, payment.key).session, payment.session)
        self.assertEqual(len(self.fake.books.orders), 1)

    def test_long_non_latin_business_name_is_clipped_to_fit(self) -> None:
        with override_settings(BUSINESS_NAME="スウィング学校" * 30):
            self.start_attempt()
        self.assertEqual(orders.clip_text("é" * 100), "é" * 63)

    def test_approval_url_is_read_from_either_link_name(self) -> None:
        for name in ("payer-action", "approve"):
            order = {"links": [{"rel": "self", "href": "no"}, {"rel": name, "href": "https://yes/"}]}
            self.assertEqual(orders.approval_url(order), "https://yes/")
        with self.assertRaises(PermanentFailure):
            orders.approval_url({"links": []})

    def test_paypal_is_not_called_inside_transaction(self) -> None:
        payment = self.start_attempt()
        with self.assertRaises(OpenTransaction), transaction.atomic():
            self.paypal.poll_payment(payment)

    def test_unsupported_amount_is_refused_without_calling_paypal(self) -> None:
        payment = self.start_attempt()
        before = len(self.fake.requests)
        for currency, total in (("KWD", "1.500"), ("HUF", "10.50"), ("USD", "10.005")):
            payment.currency, payment.total = currency, Decimal(total)
            with self.subTest(currency), self.assertRaisesRegex(PermanentFailure, "PayPal"):
                self.paypal.create_session(payment, "another")
        self.assertEqual(len(self.fake.requests), before)

    def test_form_targets_are_the_hosts_where_payers_approve(self) -> None:
        self.assertEqual(approval_hosts("https://api-m.paypal.com"), ("https://www.paypal.com",))
        self.assertEqual(approval_hosts("https://api.sandbox.paypal.com"), ("https://www.sandbox.paypal.com",))
        self.assertEqual(self.paypal.hosts, (self.fake.url,))


class PollPaymentTest(PayPalTestCase):
    def expected_capture(self, payment: Payment) -> PaymentCaptured:
        (capture,) = self.fake.books.captures.values()
        fee = (payment.total * FEE + Decimal("0.49")).quantize(Decimal("0.01"))
        return PaymentCaptured(payment.total, "USD", capture["id"], fee)

    def approved_payment(self, instrument: str = "balance") -> Payment:
        payment = self.start_attempt()
        self.fake.books.approve(payment.session, instrument)
        return payment

    def test_unapproved_order_reports_nothing(self) -> None:
        self.assertEqual(self.paypal.poll_payment(self.start_attempt()), [])

    def test_approved_order_is_captured_with_amount_currency_and_fee_reported_by_paypal(self) -> None:
        payment = self.approved_payment()
        self.assertEqual(self.paypal.poll_payment(payment), [self.expected_capture(payment)])

    def test_repeated_polls_capture_once(self) -> None:
        payment = self.approved_payment()
        for _ in range(3):
            self.assertEqual(self.paypal.poll_payment(payment), [self.expected_capture(payment)])
        self.assertEqual(len(self.fake.books.captures), 1)

    def test_capture_by_another_process_is_reported(self) -> None:
        payment = self.approved_payment()
        stale = {"id": payment.session, "status": "APPROVED", "purchase_units": [{"custom_id": payment.token}]}
        self.fake.books.capture(payment.session)
        self.assertEqual(stale["status"], "APPROVED")
        self.assertEqual(self.paypal._capture_order(payment), [self.expected_capture(payment)])

    def test_failure_before_or_after_capture_is_retried_with_same_key(self) -> None:
        for kind in ("before", "after", "drop"):
            with self.subTest(kind):
                payment = self.approved_payment()
                captures = len(self.fake.books.captures)
                self.fake.faults.order(CAPTURE, kind)
                self.assertIsInstance(self.paypal.poll_payment(payment)[0], PaymentCaptured)
                self.assertEqual(len(self.fake.books.captures), captures + 1)
                self.assertEqual(
                    set(self.fake.keys(f"POST /v2/checkout/orders/{payment.session}")), {f"{payment.token}-capture"}
                )

    def test_poll_waits_for_capture_by_another_process(self) -> None:
        payment = self.approved_payment()
        self.fake.faults.order(CAPTURE, "before", status=409)
        self.assertEqual(self.paypal.poll_payment(payment), [self.expected_capture(payment)])

    def test_outage_after_capture_is_resolved_by_next_poll(self) -> None:
        payment = self.approved_payment()
        self.fake.faults.order(CAPTURE, "after", times=3)
        with self.assertRaises(TemporaryFailure):
            self.paypal.poll_payment(payment)
        self.assertEqual(self.paypal.poll_payment(payment), [self.expected_capture(payment)])

    def test_declined_instrument_declines_payment(self) -> None:
        for instrument in ("declined", "failing"):
            with self.subTest(instrument):
                (fact,) = self.paypal.poll_payment(self.approved_payment(instrument))
                self.assertIsInstance(fact, PaymentDeclined)

    def test_bank_payment_is_pending_until_the_bank_answers(self) -> None:
        for good, wanted in ((True, PaymentCaptured), (False, PaymentDeclined)):
            with self.subTest(good=good):
                payment = self.approved_payment("echeck")
                (fact,) = self.paypal.poll_payment(payment)
                self.assertEqual(fact, PaymentPending("The payer's bank takes a few days to send the money."))
                self.fake.books.settle(list(self.fake.books.captures)[-1], good)
                self.assertIsInstance(self.paypal.poll_payment(payment)[0], wanted)

    def test_order_not_approved_in_time_is_expired(self) -> None:
        payment = self.start_attempt()
        self.fake.forward(timedelta(hours=4))
        self.assertEqual(self.paypal.poll_payment(payment), [AttemptExpired()])

    def test_order_unknown_to_paypal_is_expired(self) -> None:
        payment = self.start_attempt()
        del self.fake.books.orders[payment.session]
        self.assertEqual(self.paypal.poll_payment(payment), [AttemptExpired()])

    def test_captured_payment_is_reported_after_its_order_is_deleted(self) -> None:
        payment = self.capture_payment()
        del self.fake.books.orders[payment.session]
        self.assertEqual(self.paypal.poll_payment(payment), [self.expected_capture(payment)])

    def test_withdrawn_approval_expires_attempt(self) -> None:
        payment = self.approved_payment()
        self.fake.books.take_back_approval(payment.session)
        self.assertEqual(self.paypal.poll_payment(payment), [AttemptExpired()])

    def test_rejected_attempt_is_not_captured_after_approval(self) -> None:
        payment = self.approved_payment()
        payment.change_status("rejected")
        self.assertEqual(self.paypal.poll_payment(payment), [])
        self.assertEqual(self.fake.books.captures, {})

    def test_attempt_is_not_captured_when_order_was_paid_with_another_method(self) -> None:
        payment = self.approved_payment()
        other = create_second_attempt(payment.order)
        other.change_status("confirmed")
        gateway_polling.close_unneeded_attempts(Order.objects.get())
        payment.refresh_from_db()
        self.paypal.poll_payment(payment)
        self.assertEqual((payment.status, self.fake.books.captures), ("cancelled", {}))

    def test_approved_payment_stopped_by_payer_is_never_captured(self) -> None:
        payment = self.approved_payment()
        gateway_polling.stop_payment(payment.order, self.now)
        payment.refresh_from_db()
        self.paypal.poll_payment(payment)
        self.assertEqual((payment.status, self.fake.books.captures), ("cancelled", {}))

    def test_stopping_a_captured_payment_keeps_the_capture(self) -> None:
        payment = self.approved_payment()
        self.paypal.poll_payment(payment)
        Payment.objects.update(capturing_until=None)
        stopped = gateway_polling.stop_payment(payment.order, self.now)
        self.assertEqual(stopped and stopped.captured_amount, payment.total)

    def test_order_of_another_payment_needs_staff_and_is_not_captured(self) -> None:
        approved, other = self.approved_payment(), self.start_attempt()
        other.session = approved.session
        with self.assertRaises(NeedsPerson):
            self.paypal.poll_payment(other)
        self.assertEqual(self.fake.books.captures, {})

    def test_attempt_without_paypal_order_reports_nothing(self) -> None:
        payment = self.start_attempt()
        payment.session = ""
        self.assertEqual(self.paypal.poll_payment(payment), [])

    def test_refunds_and_disputes_are_reported_individually(self) -> None:
        payment = self.capture_payment()
        capture = payment.transaction_id
        dispute = self.fake.books.dispute(capture)
        self.fake.books.refund(capture, {"amount": {"currency_code": "USD", "value": "4.00"}})
        refund = next(iter(self.fake.books.refunds))
        captured, refunded, disputed = self.paypal.poll_payment(payment)
        self.assertEqual(captured, self.expected_capture(payment))
        self.assertEqual(refunded, RefundState(refund, Decimal("4.00"), "USD", Refund.State.DONE))
        reason = "Merchandise or service not received"
        self.assertEqual(disputed, DisputeState(dispute["dispute_id"], payment.total, "USD", "open", reason))

    def test_account_without_dispute_access_still_reports_the_capture(self) -> None:
        payment = self.capture_payment()
        self.fake.faults.order("GET /v1/customer/disputes", "before", status=403)
        self.assertEqual(self.paypal.poll_payment(payment), [self.expected_capture(payment)])


class RefundTest(PayPalTestCase):
    def test_payment_is_refunded_in_part_and_then_the_rest(self) -> None:
        payment = self.capture_payment()
        first = self.paypal.refund(payment, Decimal("4"), key="one")
        self.assertEqual((first.state, first.reference), (Refund.State.DONE, next(iter(self.fake.books.refunds))))
        self.assertEqual(self.paypal.refund(payment, key="two").state, Refund.State.DONE)
        self.assertEqual(self.fake.books.captures[payment.transaction_id]["status"], "REFUNDED")

    def test_same_key_creates_one_refund(self) -> None:
        payment = self.capture_payment()
        answers = {self.paypal.refund(payment, Decimal("4"), key="one") for _ in range(2)}
        self.assertEqual((len(answers), len(self.fake.books.refunds)), (1, 1))

    def test_lost_answer_creates_one_refund(self) -> None:
        payment = self.capture_payment()
        self.fake.faults.order("POST /v2/payments/captures/*/refund", "drop")
        self.assertEqual(self.paypal.refund(payment, Decimal("4"), key="one").state, Refund.State.DONE)
        self.assertEqual(len(self.fake.books.refunds), 1)

    def test_pending_refund_is_sent_and_later_reported_done_or_failed(self) -> None:
        payment, self.fake.books.pending_refunds = self.capture_payment(), True
        for good, wanted in ((True, Refund.State.DONE), (False, Refund.State.FAILED)):
            with self.subTest(wanted):
                answer = self.paypal.refund(payment, Decimal("4"), key=f"key-{good}")
                self.assertEqual(answer.state, Refund.State.SENT)
                self.fake.notices()
                self.fake.books.settle_refund(answer.reference, good)
                (message,) = self.parse_notices()
                (fact,) = message.facts
                assert isinstance(fact, RefundState)
                self.assertEqual((fact.state, fact.key, fact.reference), (wanted, f"key-{good}", answer.reference))

    def test_payment_refunded_in_dashboard_is_not_refunded_again(self) -> None:
        payment = self.capture_payment()
        self.fake.books.refund(payment.transaction_id, {})
        answer = self.paypal.refund(payment, Decimal("4"), key="one")
        self.assertEqual((answer.state, answer.already), (Refund.State.FAILED, True))

    def test_refund_above_remaining_amount_is_refused_with_message(self) -> None:
        payment = self.capture_payment()
        self.fake.books.refund(payment.transaction_id, {"amount": {"currency_code": "USD", "value": "1.00"}})
        answer = self.paypal.refund(payment, payment.total, key="one")
        self.assertEqual((answer.state, answer.already), (Refund.State.FAILED, True))
        self.assertIn("REFUND_AMOUNT_EXCEEDED", answer.message)

    def test_pending_bank_payment_cannot_be_refunded(self) -> None:
        answer = self.paypal.refund(self.capture_payment("echeck"), Decimal("4"), key="one")
        self.assertEqual((answer.state, answer.already), (Refund.State.FAILED, False))


class StatementTest(PayPalTestCase):
    def test_statement_lists_payments_refunds_and_disputes_with_fees(self) -> None:
        payment = self.capture_payment()
        self.paypal.refund(payment, Decimal("4"), key="one")
        dispute = self.fake.books.dispute(payment.transaction_id, "10.00")
        self.fake.books.resolve(dispute["dispute_id"], "RESOLVED_BUYER_FAVOUR")
        self.fake.books.book("T0400", "PAYOUT", Decimal("-50"), "USD")
        self.fake.books.book("T0006", "WAITING", Decimal("50"), "USD", status="P")
        lines = list(self.paypal.statement_lines(self.now - timedelta(hours=1), self.now + timedelta(hours=1)))
        self.assertEqual([each.kind for each in lines], ["payment", "refund", "dispute", "other"])
        paid, refunded, lost, _ = lines
        self.assertEqual((paid.reference, paid.amount, paid.currency), (payment.transaction_id, payment.total, "USD"))
        self.assertEqual(paid.fee, (payment.total * FEE + Decimal("0.49")).quantize(Decimal("0.01")))
        self.assertEqual((paid.about.token, paid.about.session), (payment.token, payment.session))
        self.assertEqual((refunded.amount, refunded.about.reference), (Decimal("-4.00"), payment.transaction_id))
        self.assertEqual((lost.amount, lost.about.reference), (Decimal("-10.00"), payment.transaction_id))
        self.assertEqual(lost.reference, dispute["dispute_id"])

    def test_statement_matches_our_entries(self) -> None:
        payment = self.start_attempt()
        self.fake.books.approve(payment.session)
        gateway_polling.poll_payment(payment.pk)
        reservations.refund_by_staff(payment.order, Decimal("4"), why="The floor was wet", by=self.ada)
        run_all()
        (capture,) = self.fake.books.captures
        dispute = self.fake.books.dispute(capture, "10.00")
        self.fake.books.resolve(dispute["dispute_id"], "RESOLVED_BUYER_FAVOUR")
        gateway_polling.poll_payment(payment.pk)
        window = Window(self.time_in_days(-1), self.time_in_days(1))
        theirs = list(self.paypal.statement_lines(window.since, window.until))
        pairs = list(match_entries(our_entries("paypal", window, theirs), theirs, window))
        self.assertEqual([(pair.verdict, pair.theirs.kind) for pair in pairs if pair.theirs], FITTING)

    def test_long_range_is_requested_month_by_month_without_duplicates(self) -> None:
        start = (self.now - timedelta(days=100)).replace(microsecond=0)
        edges = [start + timedelta(days=31 * number) for number in range(4)]
        for number, at in enumerate([*edges, start + timedelta(days=99), start + timedelta(days=100)]):
            self.fake.books.book("T0006", f"R{number}", Decimal(1), "USD", at=at)
        lines = list(self.paypal.statement_lines(start, start + timedelta(days=100)))
        self.assertEqual([each.reference for each in lines], ["R0", "R1", "R2", "R3", "R4"])

    def test_many_lines_are_read_page_by_page_and_too_many_in_smaller_windows(self) -> None:
        start = self.now - timedelta(days=30)
        for number in range(1100):
            at = start + timedelta(minutes=30 * number)
            self.fake.books.book("T0006", f"R{number}", Decimal(1), "USD", at=at)
        for most in (10_000, 600):
            with self.subTest(most=most):
                self.fake.api.most_rows = most
                lines = list(self.paypal.statement_lines(start - timedelta(minutes=1), self.now))
                self.assertEqual([each.reference for each in lines], [f"R{number}" for number in range(1100)])


class PayPalSettingsTest(PayPalTestCase):
    def test_paypal_is_offered_only_for_supported_currencies(self) -> None:
        for currency, wanted in (("USD", True), ("JPY", True), ("KWD", False)):
            with self.subTest(currency), override_settings(CURRENCY=currency):
                self.assertEqual("paypal" in dict(gateways.online_methods()), wanted)

    def test_incomplete_settings_or_unsupported_currency_raise_system_check_warning(self) -> None:
        whole = dict.fromkeys(configuration.NEEDED["PayPal"], "set")
        for changes, wanted in (
            (dict.fromkeys(configuration.NEEDED["PayPal"], ""), []),
            (whole, []),
            (whole | {"PAYPAL_WEBHOOK_ID": ""}, ["billing.W001"]),
            (whole | {"CURRENCY": "KWD"}, ["billing.W002"]),
        ):
            with self.subTest(changes), override_settings(**changes):
                self.assertEqual([found.id for found in checks.check_paypal_settings()], wanted)

    def test_only_real_paypal_hosts_pass_the_system_check(self) -> None:
        for url, wanted in (
            ("https://api.paypal.com", []),
            ("http://api.paypal.com", ["billing.E005"]),
            ("https://api.paypal.com.example", ["billing.E005"]),
            (self.fake.url, ["billing.E005"]),
        ):
            with self.subTest(url), override_settings(PAYPAL_URL=url):
                self.assertEqual([found.id for found in checks.check_paypal_host()], wanted)

    def test_sandbox_gateways_raise_system_check_warning(self) -> None:
        for url, wanted in (("https://api.sandbox.paypal.com", ["billing.W005"]), ("https://api.paypal.com", [])):
            with self.subTest(url), override_settings(PAYPAL_URL=url):
                self.assertEqual([found.id for found in checks.check_sandbox_gateways()], wanted)
        both = {"stripe": ("", {}), "cash": ("", {})}
        for key, wanted in (("sk_test_1", ["billing.W005"]), ("sk_live_1", [])):
            with self.subTest(key), override_settings(PAYMENT_VARIANTS=both, STRIPE_KEY=key):
                self.assertEqual([found.id for found in checks.check_sandbox_gateways()], wanted)
