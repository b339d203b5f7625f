"""PayPal webhooks are accepted only after PayPal verifies them, and become payment facts."""

import json
from datetime import timedelta
from decimal import Decimal

from billing.errors import WebhookRejected
from billing.gateways.facts import (
    AttemptExpired,
    DisputeState,
    PaymentCaptured,
    PaymentDeclined,
    PaymentPending,
    PollNeeded,
    RefundState,
    WebhookMessage,
)
from billing.gateways.paypal import disputes
from billing.models import Refund
from common.errors import TemporaryFailure
from tests.billing.paypal import PayPalTestCase
from tests.fakes.paypal_server.webhooks import Notice

VERIFY = "POST /v1/notifications/verify-webhook-signature"


class WebhookSignatureTest(PayPalTestCase):
    def notice(self) -> Notice:
        self.fake.books.approve(self.start_attempt().session)
        (notice,) = self.fake.notices()
        return notice

    def verification_count(self) -> int:
        return len([each for each in self.fake.requests if each.where == VERIFY])

    def test_message_is_sent_for_verification_byte_for_byte(self) -> None:
        notice = self.notice()
        self.assertNotEqual(json.dumps(json.loads(notice.body)).encode(), notice.body)
        self.assertEqual(self.parse_notice(notice).kind, "CHECKOUT.ORDER.APPROVED")

    def test_one_changed_byte_is_rejected(self) -> None:
        notice = self.notice()
        headers = self.fake.signed(notice)
        for body in (
            notice.body.replace(b"APPROVED", b"CAPTURED"),
            notice.body + b" ",
            notice.body.replace(b"\\/", b"/"),
        ):
            changed = body if body != notice.body + b" " else notice.body.replace(b",", b", ", 1)
            with self.assertRaises(WebhookRejected):
                self.paypal.parse_webhook(changed, headers)

    def test_message_for_another_webhook_is_rejected(self) -> None:
        notice = self.notice()
        headers = self.fake.signed(notice)
        self.fake.webhooks.webhook_id = "ANOTHER"
        with self.assertRaises(WebhookRejected):
            self.paypal.parse_webhook(notice.body, headers)

    def test_impossible_headers_are_rejected_without_calling_paypal(self) -> None:
        notice = self.notice()
        good = self.fake.signed(notice)
        old = (self.fake.books.now() - timedelta(days=5)).isoformat()
        ahead = (self.fake.books.now() + timedelta(hours=1)).isoformat()
        bad = [{name: ""} for name in good if name != "Content-Type"]
        bad += [{"PayPal-Cert-Url": url} for url in ("https://evil.example/cert", "http://api.paypal.com/cert", "::")]
        bad += [{"PayPal-Cert-Url": "https://api.paypal.com.evil.example/"}]
        bad += [{"PayPal-Transmission-Time": time} for time in (old, ahead, "yesterday", "2026-11-21T12:00:00")]
        for change in bad:
            with self.subTest(change), self.assertRaises(WebhookRejected):
                self.paypal.parse_webhook(notice.body, good | change)
        self.assertEqual(self.verification_count(), 0)

    def test_body_that_is_not_an_event_is_rejected_without_calling_paypal(self) -> None:
        headers = self.fake.signed(self.notice())
        whole = b'{"id":"WH-1","resource":{}}'
        bad = [b"", b"[]", b"{}", b"\xff", b'{"id":"x","resource":[]}', b"[" * 100_000, whole + b',"webhook_id":"X"']
        for body in bad:
            with self.subTest(body[:40]), self.assertRaises(WebhookRejected):
                self.paypal.parse_webhook(body, headers)
        self.assertEqual(self.verification_count(), 0)

    def test_verification_outage_is_temporary_and_message_is_accepted_later(self) -> None:
        notice = self.notice()
        self.fake.faults.order(VERIFY, "before", times=3)
        with self.assertRaises(TemporaryFailure):
            self.parse_notice(notice)
        self.assertEqual(self.parse_notice(notice).kind, "CHECKOUT.ORDER.APPROVED")

    def test_repeated_message_is_the_same_event(self) -> None:
        notice = self.notice()
        self.assertEqual(self.parse_notice(notice), self.parse_notice(notice))


class EventTranslationTest(PayPalTestCase):
    def only_message(self) -> WebhookMessage:
        (message,) = self.parse_notices()
        return message

    def send_event(self, kind: str, of: str, resource: dict[str, object]) -> WebhookMessage:
        self.fake.notices()
        self.fake.webhooks.send_event(kind, of, resource, self.fake.books.stamp())
        return self.only_message()

    def test_approved_order_requests_a_poll(self) -> None:
        payment = self.start_attempt()
        self.fake.books.approve(payment.session)
        message = self.only_message()
        self.assertEqual((message.about.token, message.about.session), (payment.token, payment.session))
        self.assertEqual(message.facts, (PollNeeded(),))
        self.assertLess(abs(message.at - self.now), timedelta(minutes=1))

    def test_completed_capture_is_reported_as_captured_payment(self) -> None:
        payment = self.capture_payment()
        _, message = self.parse_notices()
        (fact,) = message.facts
        assert isinstance(fact, PaymentCaptured)
        self.assertEqual((fact.amount, fact.currency, fact.reference), (payment.total, "USD", payment.transaction_id))
        self.assertEqual((message.about.token, message.about.session), (payment.token, payment.session))
        self.assertEqual(message.about.reference, payment.transaction_id)

    def test_bank_payment_is_pending_and_then_denied(self) -> None:
        payment = self.capture_payment("echeck")
        self.fake.books.settle(payment.transaction_id, False)
        _, waits, denied = self.parse_notices()
        self.assertIsInstance(waits.facts[0], PaymentPending)
        self.assertEqual(denied.kind, "PAYMENT.CAPTURE.DENIED")
        self.assertIsInstance(denied.facts[0], PaymentDeclined)

    def test_denied_and_declined_both_mean_declined_payment(self) -> None:
        self.capture_payment()
        capture = next(iter(self.fake.books.captures.values()))
        for kind in ("PAYMENT.CAPTURE.DENIED", "PAYMENT.CAPTURE.DECLINED"):
            for status in ("DENIED", "DECLINED"):
                with self.subTest(kind=kind, status=status):
                    self.assertIsInstance(
                        self.send_event(kind, "capture", capture | {"status": status}).facts[0], PaymentDeclined
                    )

    def test_our_refund_carries_its_key_and_dashboard_refund_has_none(self) -> None:
        payment = self.capture_payment()
        self.fake.notices()
        answer = self.paypal.refund(payment, Decimal("4"), key="a-key_1")
        ours = self.only_message()
        self.assertEqual(
            ours.facts, (RefundState(answer.reference, Decimal("4.00"), "USD", Refund.State.DONE, "a-key_1"),)
        )
        self.assertEqual(ours.about.reference, payment.transaction_id)
        self.fake.books.refund(payment.transaction_id, {"amount": {"currency_code": "USD", "value": "1.00"}})
        (theirs,) = self.only_message().facts
        assert isinstance(theirs, RefundState)
        self.assertEqual((theirs.amount, theirs.key), (Decimal("1.00"), ""))

    def test_reversed_capture_requests_a_poll(self) -> None:
        payment = self.capture_payment()
        refund = self.fake.books.refund(payment.transaction_id, {})
        message = self.send_event("PAYMENT.CAPTURE.REVERSED", "refund", refund)
        self.assertEqual((message.facts, message.about.reference), ((PollNeeded(),), payment.transaction_id))

    def test_withdrawn_approval_expires_attempt(self) -> None:
        payment = self.start_attempt()
        self.fake.books.approve(payment.session)
        self.fake.notices()
        self.fake.books.take_back_approval(payment.session)
        message = self.only_message()
        self.assertEqual((message.facts, message.about.session), ((AttemptExpired(),), payment.session))

    def test_dispute_is_opened_updated_and_resolved(self) -> None:
        payment = self.capture_payment()
        for outcome, wanted in (("RESOLVED_SELLER_FAVOUR", "won"), ("RESOLVED_BUYER_FAVOUR", "lost"), ("NONE", "open")):
            with self.subTest(outcome):
                self.fake.notices()
                number = self.fake.books.dispute(payment.transaction_id, "3.00")["dispute_id"]
                self.fake.books.update_dispute(number)
                self.fake.books.resolve(number, outcome)
                messages = self.parse_notices()
                facts = [fact for each in messages for fact in each.facts]
                states = [fact.state for fact in facts if isinstance(fact, DisputeState)]
                self.assertEqual(states, ["open", "open", wanted])
                self.assertEqual({each.about.reference for each in messages}, {payment.transaction_id})
                self.assertEqual({fact.reference for fact in facts if isinstance(fact, DisputeState)}, {number})

    def test_dispute_under_review_is_open_despite_earlier_outcome(self) -> None:
        again = {"status": "UNDER_REVIEW", "dispute_outcome": {"outcome_code": "RESOLVED_BUYER_FAVOUR"}}
        self.assertEqual(disputes.dispute_state(again), "open")

    def test_unrelated_event_reports_no_facts(self) -> None:
        message = self.send_event("BILLING.PLAN.CREATED", "plan", {"id": "P-1"})
        self.assertEqual((message.kind, message.facts), ("BILLING.PLAN.CREATED", ()))


class WebhookEndpointTest(PayPalTestCase):
    """The address that PayPal calls, and the status that it gets."""

    def post_webhook(self, notice: Notice, body: bytes | None = None) -> int:
        headers = {name: value for name, value in self.fake.signed(notice).items() if name != "Content-Type"}
        sent = notice.body if body is None else body
        return self.client.post(
            "/payments/process/paypal/", sent, content_type="application/json", headers=headers
        ).status_code

    def test_repeated_message_is_applied_once(self) -> None:
        payment = self.capture_payment()
        _, notice = self.fake.notices()
        for _ in range(2):
            self.assertEqual(self.post_webhook(notice), 200)
        payment.refresh_from_db()
        self.assertEqual((payment.status, payment.captured_amount), ("confirmed", payment.total))
        self.assertEqual(payment.fee, self.fee())
        self.assertEqual(payment.webhooks.count(), 1)

    def fee(self) -> Decimal:
        (capture,) = self.fake.books.captures.values()
        return Decimal(capture["seller_receivable_breakdown"]["paypal_fee"]["value"])

    def test_forged_and_unrelated_messages_change_nothing(self) -> None:
        payment = self.capture_payment()
        _, notice = self.fake.notices()
        with self.assertLogs("django.request", "WARNING"):
            self.assertEqual(self.post_webhook(notice, notice.body.replace(b"USD", b"EUR")), 400)
            self.assertEqual(self.post_webhook(notice, b"x" * 300_000), 413)
        self.fake.webhooks.send_event("BILLING.PLAN.CREATED", "plan", {"id": "P-1"}, self.fake.books.stamp())
        (other,) = self.fake.notices()
        with self.assertLogs("billing.domain.payments.webhooks", "INFO"):
            self.assertEqual(self.post_webhook(other), 200)
        payment.refresh_from_db()
        self.assertEqual(payment.status, "waiting")

    def test_wrong_captured_amount_opens_payment_issue(self) -> None:
        payment = self.start_attempt()
        self.fake.books.orders[payment.session]["purchase_units"][0]["amount"]["value"] = "1.00"
        self.fake.books.approve(payment.session)
        self.fake.books.capture(payment.session)
        for notice in self.fake.notices():
            self.assertEqual(self.post_webhook(notice), 200)
        payment.refresh_from_db()
        self.assertEqual((payment.status, payment.captured_amount), ("error", 0))
        self.assertEqual(payment.payment_issues.get().kind, "wrong_amount")
