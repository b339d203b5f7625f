import json
from decimal import Decimal

from django.test import tag

from billing.errors import WebhookRejected
from billing.gateways.facts import (
    AttemptExpired,
    DisputeState,
    PaymentCaptured,
    PaymentDeclined,
    PaymentPending,
    PaymentReference,
    PollNeeded,
    RefundState,
    WebhookMessage,
)
from billing.gateways.stripe.client import VERSION
from billing.gateways.stripe.webhooks import FOLLOWED
from billing.models import Dispute, Payment, Refund
from tests.billing.stripe import GOOD, StripeTestCase, session_reference
from tests.fakes.stripe_server.checkout import DISPUTED_SOON
from tests.fakes.stripe_server.refunds_and_disputes import REFUND_WAITS
from tests.fakes.stripe_server.webhooks import Notice

State = Refund.State


@tag("once")
class WebhookSignatureTest(StripeTestCase):
    def notice(self) -> Notice:
        self.books.pay(self.start_attempt().session, GOOD)
        return self.fake.notices("checkout.session.completed")[0]

    def assert_rejected(self, body: bytes, headers: dict[str, str]) -> None:
        with self.assertRaises(WebhookRejected):
            self.gateway.parse_webhook(body, headers)

    def test_only_exactly_the_signed_bytes_are_accepted(self) -> None:
        notice = self.notice()
        body, headers = notice.body.encode(), notice.headers()
        self.assertEqual(self.gateway.parse_webhook(body, headers).event_id, notice.event["id"])
        written_again = json.dumps(notice.event).encode()
        for wrong in (written_again, body.replace(b"7000", b"7001"), b"", b"\xff\xfe", b"{}"):
            with self.subTest(wrong[:20]):
                self.assert_rejected(wrong, headers)

    def test_signature_must_be_present_ours_and_recent(self) -> None:
        notice = self.notice()
        signature = notice.headers()["Stripe-Signature"]
        old = notice.headers(at=int(self.now.timestamp()) - 301)["Stripe-Signature"]
        notice.endpoint["_secret"] = "whsec_other"
        foreign = notice.headers()["Stripe-Signature"]
        for wrong in ("", "t=1", "v1=x", "t=x,v1=y", "t=1,v1=é", old, foreign, signature.replace("v1=", "v0=")):
            with self.subTest(wrong):
                self.assert_rejected(notice.body.encode(), {"Stripe-Signature": wrong})
        self.assert_rejected(notice.body.encode(), {})

    def test_old_and_new_secret_are_both_accepted_during_rotation(self) -> None:
        notice = self.notice()
        self.gateway.secrets = ["whsec_new", *self.gateway.secrets]
        old = self.parse_notice(notice)
        notice.endpoint["_secret"] = "whsec_new"
        self.assertEqual(self.parse_notice(notice), old)

    def test_signed_body_that_is_not_an_event_is_rejected(self) -> None:
        notice = self.notice()
        for body in ("no json", json.dumps({"object": "v2.core.event", "id": "evt_1"})):
            notice.body = body
            with self.subTest(body):
                self.assert_rejected(body.encode(), notice.headers())


class EventTranslationTest(StripeTestCase):
    def only_message(self, *kinds: str) -> WebhookMessage:
        [message] = self.parse_notices(*kinds)
        return message

    def test_paid_session_reports_capture_and_requests_poll_for_fee(self) -> None:
        payment = self.pay_at_stripe()
        message = self.only_message("checkout.session.completed")
        self.assertEqual(message.about, session_reference(payment))
        self.assertEqual(message.facts, (PaymentCaptured(Decimal(70), "USD", payment.transaction_id), PollNeeded()))
        assert message.at is not None
        self.assertLess(abs((message.at - self.now).total_seconds()), 60)

    def start_bank_debit(self) -> Payment:
        payment = self.start_attempt()
        self.books.pay_from_bank(payment.session)
        message = self.only_message("checkout.session.completed")
        self.assertEqual([type(fact) for fact in message.facts], [PaymentPending])
        return payment

    def test_successful_bank_debit_is_captured_later(self) -> None:
        payment = self.start_bank_debit()
        self.books.settle(payment.session, good=True)
        message = self.only_message("checkout.session.async_payment_succeeded")
        self.assertEqual(message.facts, (PaymentCaptured(Decimal(70), "USD", self.intent_of(payment)), PollNeeded()))

    def test_failed_bank_debit_is_declined_later(self) -> None:
        payment = self.start_bank_debit()
        self.books.settle(payment.session, good=False)
        message = self.only_message("checkout.session.async_payment_failed")
        self.assertEqual(
            (message.about, message.facts), (session_reference(payment), (PaymentDeclined("The bank did not pay."),))
        )

    def test_abandoned_session_expires(self) -> None:
        payment = self.start_attempt()
        self.fake.forward(60 * 60)
        message = self.only_message("checkout.session.expired")
        self.assertEqual((message.about, message.facts), (session_reference(payment), (AttemptExpired(),)))

    def test_our_refund_keeps_its_key_in_every_state(self) -> None:
        payment = self.pay_at_stripe(REFUND_WAITS)
        self.fake.notices()
        self.gateway.refund(payment, Decimal(10), key="ours")
        number = self.books.every("refund")[0]["id"]
        sent = RefundState(number, Decimal(10), "USD", State.SENT, "ours")
        self.assertEqual(self.only_message("refund.created").facts, (sent,))
        self.books.settle_refund(number, good=True)
        message = self.only_message("refund.updated")
        self.assertEqual(message.facts, (RefundState(number, Decimal(10), "USD", State.DONE, "ours"),))
        self.assertEqual(message.about, PaymentReference(token=payment.token, reference=payment.transaction_id))

    def test_failed_refund_reports_the_reason(self) -> None:
        payment = self.pay_at_stripe()
        refund = self.books.refund({"payment_intent": payment.transaction_id})
        self.fake.notices()
        self.books.settle_refund(refund["id"], good=False)
        failed = RefundState(refund["id"], Decimal(70), "USD", State.FAILED, "", "expired or canceled card")
        self.assertEqual(self.only_message("refund.failed").facts, (failed,))

    def test_dashboard_refund_is_identified_by_its_payment(self) -> None:
        payment = self.pay_at_stripe()
        self.fake.notices()
        self.books.refund({"payment_intent": payment.transaction_id, "amount": 500})
        refund, charge = self.parse_notices("refund.created", "charge.refunded")
        self.assertEqual(refund.about, PaymentReference(reference=payment.transaction_id))
        self.assertEqual(charge.about, PaymentReference(token=payment.token, reference=payment.transaction_id))
        self.assertEqual(charge.facts, (PollNeeded(),))

    def test_dispute_is_reported_from_opening_to_closing(self) -> None:
        for won, end in ((True, Dispute.State.WON), (False, Dispute.State.LOST)):
            payment = self.start_attempt(self.place_new_order(2))
            self.books.pay(payment.session, DISPUTED_SOON)
            number = self.books.every("dispute")[-1]["id"]
            self.books.close_dispute(number, won=won)
            kinds = ("charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed")
            messages = self.parse_notices(*kinds)
            self.assertEqual(
                [each.about for each in messages], [PaymentReference(reference=self.intent_of(payment))] * 3
            )
            expected = [
                DisputeState(number, Decimal(50), "USD", state, "fraudulent")
                for state in (Dispute.State.OPEN, Dispute.State.OPEN, end)
            ]
            self.assertEqual([fact for each in messages for fact in each.facts], expected)

    def test_unfollowed_events_report_no_facts(self) -> None:
        self.pay_at_stripe()
        unfollowed = [message for message in self.parse_notices() if message.kind not in FOLLOWED]
        self.assertEqual({message.kind for message in unfollowed}, {"charge.succeeded", "payment_intent.succeeded"})
        self.assertEqual([message.facts for message in unfollowed], [(), ()])

    def test_endpoint_with_another_version_is_logged_and_only_requests_a_poll(self) -> None:
        self.fake.endpoint["api_version"] = "2019-05-16"
        payment = self.pay_at_stripe()
        with self.assertLogs("billing.gateways.stripe.webhooks", "WARNING") as log:
            message = self.only_message("checkout.session.completed")
        self.assertEqual((message.about, message.facts), (session_reference(payment), (PollNeeded(),)))
        self.assertIn(f"2019-05-16 where {VERSION} is expected", log.output[0])
