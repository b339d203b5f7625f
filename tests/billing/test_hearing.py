"""What gateways tell, one fact at a time."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone
from payments.core import PROVIDER_CACHE

from billing.domain.payments import gateway_polling, webhooks
from billing.domain.pricing import balances
from billing.gateways.facts import (
    AttemptExpired,
    PaymentCaptured,
    PaymentDeclined,
    PaymentPending,
    PaymentReference,
    PollNeeded,
    RefundState,
)
from billing.models import Case, Order, Payment, WebhookEvent
from common.errors import TemporaryFailure
from outbox.testing import delivery_problems, run_all
from tests.billing.hosted import Double, HostedTestCase
from tests.billing.toys import Toy, ToyKind, states

Outcome = WebhookEvent.Outcome


class HearTest(HostedTestCase):
    def test_a_message_pays_the_order_and_is_kept_by_name_only(self) -> None:
        payment = self.begun()
        self.assertEqual(self.hear(Double.took(payment)), Outcome.APPLIED)
        payment.refresh_from_db()
        self.assertEqual((payment.order.state, payment.transaction_id), ("paid", f"money-{payment.pk}"))
        kept = WebhookEvent.objects.values("variant", "event_id", "kind", "payment", "outcome").get()
        self.assertEqual(set(kept.values()), {"double", "evt-1", "paymentcaptured", payment.pk, "applied"})

    def test_the_same_message_and_the_same_fact_under_another_name_change_nothing_more(self) -> None:
        payment = self.begun()
        first = Double.took(payment)
        outcomes = [self.hear(first), self.hear(first), self.hear(Double.took(payment))]
        self.assertEqual(outcomes, [Outcome.APPLIED, Outcome.NOTHING, Outcome.NOTHING])
        self.assertEqual(self.told(payment.order).count("order_paid"), 1)

    def test_a_fee_that_becomes_known_later_is_kept(self) -> None:
        payment = self.paid()
        fact = PaymentCaptured(payment.total, "USD", payment.transaction_id, fee=Decimal("2.33"))
        self.assertEqual(self.hear(Double.says(payment, fact)), Outcome.APPLIED)
        self.assertEqual(Payment.objects.get().fee, Decimal("2.33"))

    def test_other_money_on_the_same_attempt_is_a_case(self) -> None:
        payment = self.paid()
        self.hear(Double.says(payment, PaymentCaptured(payment.total, "USD", "money-of-another-day")))
        self.assertEqual((Case.objects.get().kind, Payment.objects.get().captured_amount), (Case.Kind.MISFIT, 70))

    def test_another_amount_or_currency_is_a_case_that_is_told_once_and_no_mail_says_it_failed(self) -> None:
        for fact in (PaymentCaptured(Decimal(1), "USD"), PaymentCaptured(Decimal(70), "EUR")):
            with self.subTest(fact):
                payment = self.begun()
                self.hear(Double.says(payment, fact))
                Case.objects.update(closed_at=self.now)
                self.hear(Double.says(payment, fact))
                payment.refresh_from_db()
                self.assertEqual((payment.status, payment.order.state), ("error", Order.State.PLACED))
                self.assertEqual(payment.cases.get().kind, Case.Kind.WRONG_AMOUNT)
                self.assertNotIn("payment_failed", self.told(payment.order))

    def test_money_of_another_session_is_a_case_and_anything_else_of_it_is_ignored(self) -> None:
        payment = self.begun()
        other = PaymentReference(payment.token, "session-of-old")
        self.assertEqual(self.hear(Double.says(payment, AttemptExpired(), about=other)), Outcome.IGNORED)
        self.assertEqual(
            self.hear(Double.says(payment, PaymentCaptured(payment.total, "USD"), about=other)), Outcome.APPLIED
        )
        payment.refresh_from_db()
        self.assertEqual((payment.status, Case.objects.get().kind), ("waiting", Case.Kind.MISFIT))

    def test_a_message_of_another_gateway_never_touches_the_payment(self) -> None:
        payment = self.begun()
        with self.assertRaises(webhooks.UnknownYet):
            self.hear(Double.took(payment), variant="other")
        old = timezone.now() - timedelta(days=2)
        self.assertEqual(self.hear(Double.took(payment, at=old), variant="other"), Outcome.IGNORED)
        payment.refresh_from_db()
        self.assertEqual(payment.status, "waiting")

    def test_what_comes_before_our_row_is_not_kept_so_that_it_comes_again(self) -> None:
        payment = self.begun()
        back = RefundState("r-1", Decimal(10), "USD", "done")
        heard = Double.says(payment, back)
        with self.assertRaises(webhooks.UnknownYet):
            self.hear(heard)
        self.assertFalse(WebhookEvent.objects.exists())
        self.hear(Double.took(payment))
        self.assertEqual(self.hear(heard), Outcome.APPLIED)

    def test_a_message_without_facts_is_kept_as_not_about_us(self) -> None:
        self.assertEqual(self.hear(webhooks.WebhookMessage("evt-9", "customer.created")), Outcome.IGNORED)
        self.assertEqual(WebhookEvent.objects.get().payment, None)

    def test_a_message_may_only_say_that_the_gateway_is_to_be_asked(self) -> None:
        payment = self.begun()
        Double.took(payment)
        heard = Double.says(payment, PollNeeded(), about=PaymentReference(session=payment.session))
        self.hear(heard)
        self.assertEqual(Double.asked, [])
        run_all()
        payment.refresh_from_db()
        self.assertEqual((Double.asked, payment.status), ([payment.token], "confirmed"))

    def test_refused_then_money_and_expired_after_money(self) -> None:
        payment = self.begun()
        self.hear(Double.says(payment, PaymentDeclined("Your bank said no.")))
        payment.refresh_from_db()
        self.assertEqual((payment.status, payment.message), ("rejected", "Your bank said no."))
        self.hear(Double.took(payment))
        self.assertEqual(self.hear(Double.says(payment, AttemptExpired())), Outcome.NOTHING)
        payment.refresh_from_db()
        self.assertEqual((payment.status, payment.order.state), ("confirmed", "paid"))

    def test_old_names_are_forgotten(self) -> None:
        self.hear(webhooks.WebhookMessage("evt-9", "customer.created"))
        WebhookEvent.objects.update(at=self.day(-200))
        self.assertEqual(webhooks.delete_old_webhooks(), 1)


class BankDebitTest(HostedTestCase):
    def test_places_are_kept_while_the_bank_is_at_it_and_nobody_pays_twice(self) -> None:
        payment = self.begun()
        self.hear(Double.says(payment, PaymentPending()))
        order = Order.objects.get()
        in_two_weeks = timezone.now() + timedelta(days=14)
        self.assertAlmostEqual(order.held_until, in_two_weeks, delta=timedelta(minutes=5))
        self.assertIn("payment_promised", self.told(order))
        self.assertSentTo(self.client.post(order.pay_address, {"way": "double"}), order.address())
        self.assertContains(self.client.get(order.address()), "nothing else you need to do")
        self.assertContains(self.client.get(order.address("payment_success")), "Payment processing")
        self.hear(Double.took(payment))
        self.assertEqual((Order.objects.get().state, states(order)), ("paid", ["confirmed"]))

    def test_the_moment_of_paying_is_when_the_payer_had_done_everything(self) -> None:
        ToyKind.catalogue[4] = Toy("70", prepay="10", starts=timezone.now() + timedelta(days=1))
        payment = self.begun(self.placed(4))
        self.hear(Double.says(payment, PaymentPending()))
        in_time = timezone.now() - timedelta(days=3)
        order = Order.objects.get()
        Payment.objects.update(promised_at=in_time)
        line = order.lines.get()
        line.facts["starts"] = (timezone.now() - timedelta(days=1)).isoformat()
        line.save()
        self.hear(Double.took(payment))
        order.refresh_from_db()
        self.assertEqual((order.state, order.paid_at, balances.overpaid_amount(order)), ("paid", in_time, 0))

    def test_when_the_bank_refuses_there_is_a_day_to_pay_in_another_way(self) -> None:
        payment = self.begun()
        self.hear(Double.says(payment, PaymentPending()))
        self.hear(Double.says(payment, PaymentDeclined("The account was closed.")))
        order = Order.objects.get()
        self.assertAlmostEqual(order.held_until, timezone.now() + timedelta(days=1), delta=timedelta(minutes=1))
        self.assertIn("payment_failed", self.told(order))
        self.assertNotEqual(self.begun(order).pk, payment.pk)

    def test_what_a_bank_is_at_does_not_expire(self) -> None:
        payment = self.begun()
        self.hear(Double.says(payment, PaymentPending()))
        self.assertEqual(self.hear(Double.says(payment, AttemptExpired())), Outcome.NOTHING)


class AskTest(HostedTestCase):
    def test_the_browser_comes_back_and_the_gateway_is_asked_whatever_the_address_says(self) -> None:
        payment = self.begun()
        response = self.client.get(payment.get_process_url() + "?status=paid&session_id=x&PayerID=1")
        self.assertSentTo(response, payment.get_failure_url())
        self.assertContains(self.client.get(payment.get_failure_url()), "Not paid yet")
        Double.took(payment)
        response = self.client.get(payment.get_process_url() + "?status=declined")
        self.assertSentTo(response, payment.get_success_url())
        self.come_back(payment)
        self.assertEqual(len(Double.asked), 2)

    def test_a_gateway_that_does_not_answer_is_asked_again_by_the_job(self) -> None:
        payment = self.begun()
        Double.took(payment)
        Double.trouble.append(TemporaryFailure("The bank does not answer."))
        self.assertSentTo(self.come_back(payment), payment.get_failure_url())
        self.assertEqual(gateway_polling.request_due_polls(), 1)
        run_all()
        payment.refresh_from_db()
        self.assertEqual((payment.status, payment.ask_at, delivery_problems()), ("confirmed", None, []))

    def test_who_never_came_back_is_asked_about_before_the_hold_ends(self) -> None:
        payment = self.begun()
        Double.took(payment)
        self.assertLess(payment.ask_at, payment.order.held_until)
        self.assertEqual(gateway_polling.request_due_polls(timezone.now()), 0)
        self.assertEqual(
            [gateway_polling.request_due_polls(payment.ask_at), gateway_polling.request_due_polls(payment.ask_at)],
            [1, 0],
        )
        run_all()
        self.assertEqual(Order.objects.get().state, "paid")

    def test_asking_becomes_rarer_and_ends(self) -> None:
        payment = self.begun()
        pauses = []
        for days in (0, 0.5, 10, 121):
            Payment.objects.update(created=timezone.now() - timedelta(days=days))
            gateway_polling.poll_payment(payment.pk)
            again = Payment.objects.get().ask_at
            pauses.append(round((again - timezone.now()).total_seconds() / 3600) if again else None)
        self.assertEqual(pauses, [0, 12, 24, None])

    def test_a_gateway_that_was_switched_off_is_not_asked(self) -> None:
        payment = self.begun()
        with self.settings(PAYMENT_VARIANTS={}):
            PROVIDER_CACHE.clear()
            self.assertFalse(gateway_polling.poll_payment(payment.pk))

    def test_attempts_that_never_reached_the_gateway_are_closed(self) -> None:
        payment = self.begun()
        left = self.placed(2)
        Payment.objects.create(order=left, variant="double", total=50, currency="USD")
        Payment.objects.update(created=self.day(-2))
        self.assertEqual(
            (gateway_polling.cancel_unstarted_attempts(), gateway_polling.cancel_unstarted_attempts()), (1, 0)
        )
        payment.refresh_from_db()
        self.assertEqual((payment.status, left.payments.get().status), ("waiting", "cancelled"))
