"""Starting payments at a gateway with its own payment pages, and receiving its webhooks."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import SimpleTestCase, override_settings
from django.urls import reverse
from django.utils import timezone

from billing import gateways
from billing.domain.payments import attempts, gateway_polling
from billing.gateways.facts import WebhookMessage
from billing.models import Order, Payment, PaymentIssue, ProcessedWebhook
from common.errors import NeedsPerson, PermanentFailure, TemporaryFailure
from common.network import OpenTransaction, gateway_slot, refuse_inside_transaction
from tests.billing.hosted_gateway import FakeGateway, HostedGatewayTestCase


class StartPaymentTest(HostedGatewayTestCase):
    def pay_order(self, order: Order) -> str:  # type: ignore[override]
        return self.post_payment(order).headers["Location"]

    def post_payment(self, order: Order) -> HttpResponse:
        return self.client.post(order.pay_address, {"method": "double"})

    def test_payer_is_redirected_to_gateway_and_second_click_reuses_the_session(self) -> None:
        order = self.place_new_order(1)
        first, second = self.pay_order(order), self.pay_order(order)
        payment = Payment.objects.get()
        self.assertEqual((first, second), (payment.session_url, payment.session_url))
        self.assertEqual(first, f"https://pay.example.org/session-{payment.token}-begin")
        self.assertEqual(FakeGateway.records[payment.token].sessions_opened, 1)

    def test_start_is_retried_with_same_key_after_network_failure(self) -> None:
        order = self.place_new_order(1)
        FakeGateway.errors_after.append(TemporaryFailure("The bank does not answer. Please try again."))
        self.assertSentTo(self.post_payment(order), order.address("payment_fail"))
        payment = Payment.objects.get()
        self.assertEqual((payment.status, payment.session), ("waiting", ""))
        self.assertContains(self.client.get(order.address("payment_fail")), "The bank does not answer.")
        self.pay_order(order)
        self.assertEqual((Payment.objects.count(), FakeGateway.records[payment.token].sessions_opened), (1, 2))
        self.assertEqual(Payment.objects.get().message, "")

    def test_permanent_failure_ends_attempt_with_message_and_new_attempt_can_start(self) -> None:
        order = self.place_new_order(1)
        FakeGateway.errors_before.append(PermanentFailure("This card company does not take your currency."))
        self.pay_order(order)
        self.assertContains(self.client.get(order.address("payment_fail")), "does not take your currency")
        self.pay_order(order)
        self.assertEqual(list(order.payments.order_by("pk").values_list("status", flat=True)), ["error", "waiting"])

    def test_configuration_failure_opens_payment_issue(self) -> None:
        FakeGateway.errors_before.append(NeedsPerson("The key is not valid any more."))
        self.pay_order(self.place_new_order(1))
        self.assertEqual(
            PaymentIssue.objects.get().description, "Payment isn’t possible: The key is not valid any more."
        )

    def test_expired_session_is_replaced_by_new_attempt(self) -> None:
        order = self.place_new_order(1)
        self.pay_order(order)
        Payment.objects.update(session_until=timezone.now() - timedelta(minutes=1))
        self.assertNotEqual(self.pay_order(order), Payment.objects.earliest("pk").session_url)

    def test_attempt_not_started_within_a_day_gets_new_key(self) -> None:
        order = self.place_new_order(1)
        first = attempts.start_attempt(order, "double", self.now)
        Payment.objects.update(created=self.time_in_days(-1))
        self.assertNotEqual(attempts.start_attempt(order, "double", self.now).key, first.key)

    def test_session_belongs_to_only_one_attempt(self) -> None:
        payment = self.start_attempt()
        with self.assertRaises(IntegrityError), transaction.atomic():
            Payment.objects.create(order=payment.order, variant="double", session=payment.session)

    def test_saving_stale_payment_keeps_what_the_gateway_reported(self) -> None:
        stale = attempts.start_attempt(self.place_new_order(1), "double", self.now)
        payment = self.start_attempt(stale.order)
        self.process_webhook(FakeGateway.report_capture(payment))
        stale.save()
        payment.refresh_from_db()
        self.assertEqual((payment.status, payment.transaction_id), ("confirmed", f"money-{payment.pk}"))
        self.assertTrue(payment.session)

    def test_only_pages_that_offer_payment_allow_forms_to_submit_to_gateway(self) -> None:
        order = self.place_new_order(1)
        for address in (order.address(), order.address("payment_fail")):
            self.assertIn("form-action 'self' https://pay.example.org", self.content_security_policy(address))
        self.assertIn("form-action 'self';", self.content_security_policy(reverse("cart")))

    def content_security_policy(self, address: str) -> str:
        return self.client.get(address).headers["Content-Security-Policy"]


class WebhookEndpointTest(HostedGatewayTestCase):
    def test_message_with_valid_signature_is_applied(self) -> None:
        payment = self.start_attempt()
        self.assertEqual(self.post_webhook(FakeGateway.report_capture(payment)).status_code, 200)
        payment.refresh_from_db()
        self.assertEqual(payment.status, "confirmed")

    def test_invalid_signature_returns_400_and_changes_nothing(self) -> None:
        payment = self.start_attempt()
        self.assertEqual(
            self.post_webhook(FakeGateway.report_capture(payment), **{"X-Signature": "forged"}).status_code, 400
        )
        self.assertFalse(ProcessedWebhook.objects.exists())

    def test_unknown_event_type_returns_200(self) -> None:
        FakeGateway.webhooks["evt-x"] = WebhookMessage("evt-x", "balance.available")
        self.assertEqual([self.post_webhook(FakeGateway.webhooks["evt-x"]).status_code for _ in range(2)], [200, 200])

    def test_oversized_body_returns_413(self) -> None:
        address = reverse("static_process_payment", args=["double"])
        response = self.client.post(address, bytes(300 * 1024), content_type="x/y")
        self.assertEqual(response.status_code, 413)

    def test_unknown_payment_returns_409_and_unreachable_gateway_returns_503(self) -> None:
        payment = self.start_attempt()
        message = FakeGateway.report_capture(payment)
        self.assertEqual(self.post_webhook(message, variant="other").status_code, 409)
        FakeGateway.errors_before.append(TemporaryFailure("No answer."))
        with self.assertLogs("billing", "WARNING"), self.assertLogs("django.request", "ERROR"):
            self.assertEqual(self.post_webhook(message).status_code, 503)
        self.assertEqual(self.post_webhook(message).status_code, 200)

    def test_desk_and_practice_gateways_reject_webhooks(self) -> None:
        for variant in ("cash", "practice"):
            response = self.client.post(reverse("static_process_payment", args=[variant]), {})
            self.assertEqual(response.status_code, 400)

    def test_hosted_gateways_are_offered_among_online_payment_methods(self) -> None:
        self.assertEqual(
            [name for name, _ in gateways.online_methods()], ["practice", "practice-declined", "double", "other"]
        )


class TransactionGuardTest(HostedGatewayTestCase):
    def test_outside_request_is_refused_inside_transaction(self) -> None:
        refuse_inside_transaction()
        with transaction.atomic(), self.assertRaises(OpenTransaction):
            refuse_inside_transaction()

    def test_gateway_session_is_not_started_inside_transaction(self) -> None:
        payment = attempts.start_attempt(self.place_new_order(1), "double", self.now)
        with transaction.atomic(), self.assertRaises(OpenTransaction):
            attempts.open_gateway(payment)


class SlowGatewayTest(HostedGatewayTestCase):
    @override_settings(GATEWAY_CONCURRENCY=1)
    def test_payer_is_asked_to_try_again_when_all_gateway_slots_are_busy(self) -> None:
        order = self.place_new_order(1)
        with gateway_slot():
            self.client.post(order.pay_address, {"method": "double"})
        self.assertContains(self.client.get(order.address("payment_fail")), "try again in half a minute")
        self.assertTrue(self.start_attempt(order).session)

    @override_settings(GATEWAY_CONCURRENCY=1)
    def test_payment_of_returning_payer_is_polled_later_when_all_gateway_slots_are_busy(self) -> None:
        payment = self.start_attempt()
        FakeGateway.report_capture(payment)
        with gateway_slot():
            self.return_to_site(payment)
        self.assertEqual((FakeGateway.polled_tokens, gateway_polling.request_due_polls()), ([], 1))


class TransactionGuardWithoutDatabaseTest(SimpleTestCase):
    def test_transaction_guard_makes_no_database_query(self) -> None:
        refuse_inside_transaction()
