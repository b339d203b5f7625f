"""Beginning at a gateway that has pages of its own, and its messages at their address."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import SimpleTestCase, override_settings
from django.urls import reverse
from django.utils import timezone

from billing import gateways
from billing.domain.payments import attempts, gateway_polling
from billing.gateways.facts import WebhookMessage
from billing.models import Case, Order, Payment, WebhookEvent
from common.errors import NeedsPerson, PermanentFailure, TemporaryFailure
from common.network import OpenTransaction, gateway_slot, refuse_inside_transaction
from tests.billing.hosted import Double, HostedTestCase


class BeginTest(HostedTestCase):
    def pay(self, order: Order) -> str:  # type: ignore[override]
        return self.press(order).headers["Location"]

    def press(self, order: Order) -> HttpResponse:
        return self.client.post(order.pay_address, {"way": "double"})

    def test_the_payer_is_sent_to_the_gateway_and_a_second_click_to_the_same_page(self) -> None:
        order = self.placed(1)
        first, second = self.pay(order), self.pay(order)
        payment = Payment.objects.get()
        self.assertEqual((first, second), (payment.session_url, payment.session_url))
        self.assertEqual(first, f"https://pay.example.org/session-{payment.token}-begin")
        self.assertEqual(Double.books[payment.token].begun, 1)

    def test_after_a_fault_of_the_network_the_same_key_is_used_again(self) -> None:
        order = self.placed(1)
        Double.trouble_after.append(TemporaryFailure("The bank does not answer. Please try again."))
        self.assertSentTo(self.press(order), order.address("payment_fail"))
        payment = Payment.objects.get()
        self.assertEqual((payment.status, payment.session), ("waiting", ""))
        self.assertContains(self.client.get(order.address("payment_fail")), "The bank does not answer.")
        self.pay(order)
        self.assertEqual((Payment.objects.count(), Double.books[payment.token].begun), (1, 2))
        self.assertEqual(Payment.objects.get().message, "")

    def test_what_will_never_work_ends_the_attempt_with_a_sentence_and_another_can_be_made(self) -> None:
        order = self.placed(1)
        Double.trouble.append(PermanentFailure("This card company does not take your currency."))
        self.pay(order)
        self.assertContains(self.client.get(order.address("payment_fail")), "does not take your currency")
        self.pay(order)
        self.assertEqual(list(order.payments.order_by("pk").values_list("status", flat=True)), ["error", "waiting"])

    def test_what_the_school_must_mend_is_told_to_the_office(self) -> None:
        Double.trouble.append(NeedsPerson("The key is not valid any more."))
        self.pay(self.placed(1))
        self.assertEqual(Case.objects.get().text, "Payment isn’t possible: The key is not valid any more.")

    def test_a_session_that_is_over_makes_way_for_a_new_attempt(self) -> None:
        order = self.placed(1)
        self.pay(order)
        Payment.objects.update(session_until=timezone.now() - timedelta(minutes=1))
        self.assertNotEqual(self.pay(order), Payment.objects.earliest("pk").session_url)

    def test_an_attempt_that_could_not_be_begun_for_long_gets_a_new_key(self) -> None:
        order = self.placed(1)
        first = attempts.start_attempt(order, "double", self.now)
        Payment.objects.update(created=self.day(-1))
        self.assertNotEqual(attempts.start_attempt(order, "double", self.now).key, first.key)

    def test_whoever_comes_with_an_attempt_that_is_over_is_sent_on(self) -> None:
        payment = self.paid()
        response = self.client.get(reverse("payment_attempt", args=[payment.token]))
        self.assertSentTo(response, payment.get_success_url())

    def test_a_session_belongs_to_one_attempt(self) -> None:
        payment = self.begun()
        with self.assertRaises(IntegrityError), transaction.atomic():
            Payment.objects.create(order=payment.order, variant="double", session=payment.session)

    def test_a_stale_copy_does_not_touch_what_the_gateway_told(self) -> None:
        stale = attempts.start_attempt(self.placed(1), "double", self.now)
        payment = self.begun(stale.order)
        self.hear(Double.took(payment))
        stale.save()
        payment.refresh_from_db()
        self.assertEqual((payment.status, payment.transaction_id), ("confirmed", f"money-{payment.pk}"))
        self.assertTrue(payment.session)

    def test_forms_may_lead_to_the_gateway_from_pages_that_offer_it_only(self) -> None:
        order = self.placed(1)
        for address in (order.address(), order.address("payment_fail")):
            self.assertIn("form-action 'self' https://pay.example.org", self.policy(address))
        self.assertIn("form-action 'self';", self.policy(reverse("cart")))

    def policy(self, address: str) -> str:
        return self.client.get(address).headers["Content-Security-Policy"]


class WebhookTest(HostedTestCase):
    def test_a_message_with_a_good_signature_is_applied(self) -> None:
        payment = self.begun()
        self.assertEqual(self.tell(Double.took(payment)).status_code, 200)
        payment.refresh_from_db()
        self.assertEqual(payment.status, "confirmed")

    def test_a_bad_signature_is_400_and_changes_nothing(self) -> None:
        payment = self.begun()
        self.assertEqual(self.tell(Double.took(payment), **{"X-Signature": "forged"}).status_code, 400)
        self.assertFalse(WebhookEvent.objects.exists())

    def test_a_type_that_we_do_not_know_is_200(self) -> None:
        Double.heard["evt-x"] = WebhookMessage("evt-x", "balance.available")
        self.assertEqual([self.tell(Double.heard["evt-x"]).status_code for _ in range(2)], [200, 200])

    def test_a_body_over_the_limit_is_413(self) -> None:
        address = reverse("static_process_payment", args=["double"])
        response = self.client.post(address, bytes(300 * 1024), content_type="x/y")
        self.assertEqual(response.status_code, 413)

    def test_what_is_not_known_yet_is_409_and_a_gateway_that_cannot_be_asked_503(self) -> None:
        payment = self.begun()
        heard = Double.took(payment)
        self.assertEqual(self.tell(heard, variant="other").status_code, 409)
        Double.trouble.append(TemporaryFailure("No answer."))
        with self.assertLogs("billing", "WARNING"), self.assertLogs("django.request", "ERROR"):
            self.assertEqual(self.tell(heard).status_code, 503)
        self.assertEqual(self.tell(heard).status_code, 200)

    def test_the_desk_and_the_practice_gateway_get_no_messages(self) -> None:
        for variant in ("cash", "practice"):
            response = self.client.post(reverse("static_process_payment", args=[variant]), {})
            self.assertEqual(response.status_code, 400)

    def test_ways_to_pay_at_a_gateway_are_offered_beside_the_others(self) -> None:
        self.assertEqual([name for name, _ in gateways.online_methods()], ["practice", "double", "other"])


class NetworkTest(HostedTestCase):
    def test_a_request_to_the_outside_is_refused_inside_a_transaction(self) -> None:
        refuse_inside_transaction()
        with transaction.atomic(), self.assertRaises(OpenTransaction):
            refuse_inside_transaction()

    def test_nothing_begins_inside_a_transaction(self) -> None:
        payment = attempts.start_attempt(self.placed(1), "double", self.now)
        with transaction.atomic(), self.assertRaises(OpenTransaction):
            attempts.gateway_form(payment)


class SlowGatewayTest(HostedTestCase):
    @override_settings(GATEWAY_AT_ONCE=1)
    def test_who_comes_while_others_wait_for_a_slow_gateway_is_asked_to_try_again(self) -> None:
        order = self.placed(1)
        with gateway_slot():
            self.client.post(order.pay_address, {"way": "double"})
        self.assertContains(self.client.get(order.address("payment_fail")), "try again in half a minute")
        self.assertTrue(self.begun(order).session)

    @override_settings(GATEWAY_AT_ONCE=1)
    def test_who_comes_back_meanwhile_is_asked_about_later(self) -> None:
        payment = self.begun()
        Double.took(payment)
        with gateway_slot():
            self.come_back(payment)
        self.assertEqual((Double.asked, gateway_polling.request_due_polls()), ([], 1))


class NoDatabaseTest(SimpleTestCase):
    def test_the_guard_asks_no_database(self) -> None:
        refuse_inside_transaction()
