"""How the facts that gateways report by webhook or by polling change payments and orders."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone
from payments.core import PROVIDER_CACHE

from billing.domain.payments import gateway_polling, webhooks
from billing.domain.pricing import balances
from billing.errors import NotRecordedYet
from billing.gateways.facts import (
    AttemptExpired,
    PaymentCaptured,
    PaymentDeclined,
    PaymentPending,
    PaymentReference,
    PollNeeded,
    RefundState,
)
from billing.models import Order, Payment, PaymentIssue, ProcessedWebhook
from common.errors import TemporaryFailure
from outbox.testing import delivery_problems, run_all
from tests.billing.hosted_gateway import FakeGateway, HostedGatewayTestCase
from tests.billing.toys import Toy, ToyKind, toy_states

Outcome = ProcessedWebhook.Outcome


class WebhookFactsTest(HostedGatewayTestCase):
    def test_webhook_pays_the_order_and_only_its_metadata_is_stored(self) -> None:
        payment = self.start_attempt()
        self.assertEqual(self.process_webhook(FakeGateway.report_capture(payment)), Outcome.APPLIED)
        payment.refresh_from_db()
        self.assertEqual((payment.order.state, payment.transaction_id), ("paid", f"money-{payment.pk}"))
        stored_event = ProcessedWebhook.objects.values("variant", "event_id", "kind", "payment", "outcome").get()
        self.assertEqual(set(stored_event.values()), {"double", "evt-1", "paymentcaptured", payment.pk, "applied"})

    def test_repeated_webhook_or_repeated_fact_is_applied_once(self) -> None:
        payment = self.start_attempt()
        first = FakeGateway.report_capture(payment)
        outcomes = [
            self.process_webhook(first),
            self.process_webhook(first),
            self.process_webhook(FakeGateway.report_capture(payment)),
        ]
        self.assertEqual(outcomes, [Outcome.APPLIED, Outcome.NOTHING, Outcome.NOTHING])
        self.assertEqual(self.events_of(payment.order).count("order_paid"), 1)

    def test_fee_reported_later_is_stored_on_the_payment(self) -> None:
        payment = self.create_paid_payment()
        fact = PaymentCaptured(payment.total, "USD", payment.transaction_id, fee=Decimal("2.33"))
        self.assertEqual(self.process_webhook(FakeGateway.report_fact(payment, fact)), Outcome.APPLIED)
        self.assertEqual(Payment.objects.get().fee, Decimal("2.33"))

    def test_second_capture_of_one_attempt_opens_a_payment_issue(self) -> None:
        payment = self.create_paid_payment()
        self.process_webhook(
            FakeGateway.report_fact(payment, PaymentCaptured(payment.total, "USD", "money-of-another-day"))
        )
        self.assertEqual(
            (PaymentIssue.objects.get().kind, Payment.objects.get().captured_amount), (PaymentIssue.Kind.MISFIT, 70)
        )

    def test_wrong_amount_or_currency_opens_one_payment_issue_and_sends_no_failure_mail(self) -> None:
        for fact in (PaymentCaptured(Decimal(1), "USD"), PaymentCaptured(Decimal(70), "EUR")):
            with self.subTest(fact):
                payment = self.start_attempt()
                self.process_webhook(FakeGateway.report_fact(payment, fact))
                PaymentIssue.objects.update(closed_at=self.now)
                self.process_webhook(FakeGateway.report_fact(payment, fact))
                payment.refresh_from_db()
                self.assertEqual((payment.status, payment.order.state), ("error", Order.State.PLACED))
                self.assertEqual(payment.payment_issues.get().kind, PaymentIssue.Kind.WRONG_AMOUNT)
                self.assertNotIn("payment_failed", self.mails_of(payment.order))

    def test_capture_of_another_session_opens_a_payment_issue_and_its_other_facts_are_ignored(self) -> None:
        payment = self.start_attempt()
        other = PaymentReference(payment.token, "session-of-old")
        self.assertEqual(
            self.process_webhook(FakeGateway.report_fact(payment, AttemptExpired(), about=other)), Outcome.IGNORED
        )
        self.assertEqual(
            self.process_webhook(FakeGateway.report_fact(payment, PaymentCaptured(payment.total, "USD"), about=other)),
            Outcome.APPLIED,
        )
        payment.refresh_from_db()
        self.assertEqual((payment.status, PaymentIssue.objects.get().kind), ("waiting", PaymentIssue.Kind.MISFIT))

    def test_webhook_of_another_gateway_does_not_change_the_payment(self) -> None:
        payment = self.start_attempt()
        with self.assertRaises(NotRecordedYet):
            self.process_webhook(FakeGateway.report_capture(payment), variant="other")
        old = timezone.now() - timedelta(days=2)
        self.assertEqual(
            self.process_webhook(FakeGateway.report_capture(payment, at=old), variant="other"), Outcome.IGNORED
        )
        payment.refresh_from_db()
        self.assertEqual(payment.status, "waiting")

    def test_webhook_about_an_unknown_payment_is_not_stored_so_that_the_gateway_retries_it(self) -> None:
        payment = self.start_attempt()
        back = RefundState("r-1", Decimal(10), "USD", "done")
        message = FakeGateway.report_fact(payment, back)
        with self.assertRaises(NotRecordedYet):
            self.process_webhook(message)
        self.assertFalse(ProcessedWebhook.objects.exists())
        self.process_webhook(FakeGateway.report_capture(payment))
        self.assertEqual(self.process_webhook(message), Outcome.APPLIED)

    def test_webhook_without_facts_is_stored_as_ignored(self) -> None:
        self.assertEqual(self.process_webhook(webhooks.WebhookMessage("evt-9", "customer.created")), Outcome.IGNORED)
        self.assertEqual(ProcessedWebhook.objects.get().payment, None)

    def test_webhook_that_requires_polling_polls_the_gateway_in_the_background(self) -> None:
        payment = self.start_attempt()
        FakeGateway.report_capture(payment)
        message = FakeGateway.report_fact(payment, PollNeeded(), about=PaymentReference(session=payment.session))
        self.process_webhook(message)
        self.assertEqual(FakeGateway.polled_tokens, [])
        run_all()
        payment.refresh_from_db()
        self.assertEqual((FakeGateway.polled_tokens, payment.status), ([payment.token], "confirmed"))

    def test_capture_overrides_a_decline_and_expiration_after_a_capture_changes_nothing(self) -> None:
        payment = self.start_attempt()
        self.process_webhook(FakeGateway.report_fact(payment, PaymentDeclined("Your bank said no.")))
        payment.refresh_from_db()
        self.assertEqual((payment.status, payment.message), ("rejected", "Your bank said no."))
        self.process_webhook(FakeGateway.report_capture(payment))
        self.assertEqual(self.process_webhook(FakeGateway.report_fact(payment, AttemptExpired())), Outcome.NOTHING)
        payment.refresh_from_db()
        self.assertEqual((payment.status, payment.order.state), ("confirmed", "paid"))

    def test_old_webhook_records_are_deleted(self) -> None:
        self.process_webhook(webhooks.WebhookMessage("evt-9", "customer.created"))
        ProcessedWebhook.objects.update(received_at=self.time_in_days(-200))
        self.assertEqual(webhooks.delete_old_webhooks(), 1)


class BankDebitTest(HostedGatewayTestCase):
    def test_pending_bank_debit_holds_the_spots_and_blocks_a_second_payment(self) -> None:
        payment = self.start_attempt()
        self.process_webhook(FakeGateway.report_fact(payment, PaymentPending()))
        order = Order.objects.get()
        in_two_weeks = timezone.now() + timedelta(days=14)
        self.assertAlmostEqual(order.held_until, in_two_weeks, delta=timedelta(minutes=5))
        self.assertIn("payment_pending", self.mails_of(order))
        self.assertSentTo(self.client.post(order.pay_address, {"method": "double"}), order.address())
        self.assertContains(self.client.get(order.address()), "nothing else you need to do")
        self.assertContains(self.client.get(order.address("payment_success")), "Payment processing")
        self.process_webhook(FakeGateway.report_capture(payment))
        self.assertEqual((Order.objects.get().state, toy_states(order)), ("paid", ["confirmed"]))

    def test_bank_debit_counts_as_paid_when_the_payer_authorized_it(self) -> None:
        ToyKind.catalogue[4] = Toy("70", prepay="10", starts=timezone.now() + timedelta(days=1))
        payment = self.start_attempt(self.place_new_order(4))
        self.process_webhook(FakeGateway.report_fact(payment, PaymentPending()))
        in_time = timezone.now() - timedelta(days=3)
        order = Order.objects.get()
        Payment.objects.update(submitted_at=in_time)
        line = order.lines.get()
        line.price_facts["first_meeting_at"] = (timezone.now() - timedelta(days=1)).isoformat()
        line.save()
        self.process_webhook(FakeGateway.report_capture(payment))
        order.refresh_from_db()
        self.assertEqual((order.state, order.paid_at, balances.overpaid_amount(order)), ("paid", in_time, 0))

    def test_declined_bank_debit_holds_the_order_one_more_day_for_another_payment(self) -> None:
        payment = self.start_attempt()
        self.process_webhook(FakeGateway.report_fact(payment, PaymentPending()))
        self.process_webhook(FakeGateway.report_fact(payment, PaymentDeclined("The account was closed.")))
        order = Order.objects.get()
        self.assertAlmostEqual(order.held_until, timezone.now() + timedelta(days=1), delta=timedelta(minutes=1))
        self.assertIn("payment_failed", self.mails_of(order))
        self.assertNotEqual(self.start_attempt(order).pk, payment.pk)

    def test_pending_bank_debit_does_not_expire(self) -> None:
        payment = self.start_attempt()
        self.process_webhook(FakeGateway.report_fact(payment, PaymentPending()))
        self.assertEqual(self.process_webhook(FakeGateway.report_fact(payment, AttemptExpired())), Outcome.NOTHING)


class GatewayPollingTest(HostedGatewayTestCase):
    def test_returning_payer_triggers_a_poll_and_the_query_string_is_not_trusted(self) -> None:
        payment = self.start_attempt()
        response = self.client.get(payment.get_process_url() + "?status=paid&session_id=x&PayerID=1")
        self.assertSentTo(response, payment.get_failure_url())
        self.assertContains(self.client.get(payment.get_failure_url()), "Not paid yet")
        FakeGateway.report_capture(payment)
        response = self.client.get(payment.get_process_url() + "?status=declined")
        self.assertSentTo(response, payment.get_success_url())
        self.return_to_site(payment)
        self.assertEqual(len(FakeGateway.polled_tokens), 2)

    def test_gateway_that_does_not_answer_is_polled_again_by_the_job(self) -> None:
        payment = self.start_attempt()
        FakeGateway.report_capture(payment)
        FakeGateway.errors_before.append(TemporaryFailure("The bank does not answer."))
        self.assertSentTo(self.return_to_site(payment), payment.get_failure_url())
        self.assertEqual(gateway_polling.request_due_polls(), 1)
        run_all()
        payment.refresh_from_db()
        self.assertEqual((payment.status, payment.next_poll_at, delivery_problems()), ("confirmed", None, []))

    def test_payment_of_a_payer_who_never_returned_is_polled_before_the_hold_ends(self) -> None:
        payment = self.start_attempt()
        FakeGateway.report_capture(payment)
        self.assertLess(payment.next_poll_at, payment.order.held_until)
        self.assertEqual(gateway_polling.request_due_polls(timezone.now()), 0)
        self.assertEqual(
            [
                gateway_polling.request_due_polls(payment.next_poll_at),
                gateway_polling.request_due_polls(payment.next_poll_at),
            ],
            [1, 0],
        )
        run_all()
        self.assertEqual(Order.objects.get().state, "paid")

    def test_polling_slows_down_and_stops_after_120_days(self) -> None:
        payment = self.start_attempt()
        pauses = []
        for days in (0, 0.5, 10, 121):
            Payment.objects.update(created=timezone.now() - timedelta(days=days))
            gateway_polling.poll_payment(payment.pk)
            next_poll = Payment.objects.get().next_poll_at
            pauses.append(round((next_poll - timezone.now()).total_seconds() / 3600) if next_poll else None)
        self.assertEqual(pauses, [0, 12, 24, None])

    def test_removed_gateway_is_not_polled(self) -> None:
        payment = self.start_attempt()
        with self.settings(PAYMENT_VARIANTS={}):
            PROVIDER_CACHE.clear()
            self.assertFalse(gateway_polling.poll_payment(payment.pk))

    def test_attempts_that_never_reached_the_gateway_are_canceled(self) -> None:
        payment = self.start_attempt()
        left = self.place_new_order(2)
        Payment.objects.create(order=left, variant="double", total=50, currency="USD")
        Payment.objects.update(created=self.time_in_days(-2))
        self.assertEqual(
            (gateway_polling.cancel_unstarted_attempts(), gateway_polling.cancel_unstarted_attempts()), (1, 0)
        )
        payment.refresh_from_db()
        self.assertEqual((payment.status, left.payments.get().status), ("waiting", "cancelled"))
