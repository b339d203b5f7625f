"""What the flows may cost. The figures are those of docs/economy.md, whose table is read here."""

from datetime import timedelta
from decimal import Decimal
from unittest import mock

from django.urls import reverse
from django.utils import timezone

from billing.domain.payments import attempts
from billing.domain.vouchers import office
from billing.models import Order, Payment
from classwork.models import Resource
from common import dates
from registrations.models import Registration
from tests import factories
from tests.billing import scripted_gateway
from tests.billing.scripted_gateway import ScriptedGateway, gateway_line, with_scripted_gateway
from tests.billing.stripe import GOOD, StripeGatewayMixin
from tests.flows.base import FlowTestCase
from tests.flows.budgets import BudgetMixin
from tests.flows.visitor import Visitor
from tests.registrations.purchases import cart, me, place, register_strangers


class PurchaseBudgetTest(BudgetMixin, FlowTestCase):
    def test_a_stranger_buys_one_class_and_two_mails_are_sent(self) -> None:
        with self.budget("stranger buys one class by card, all requests") as spending:
            self.buy(Visitor(), self.class_offer)
        dearest = max((part for part in spending.requests if part.is_get), key=lambda part: len(part.statements))
        self.assert_within("… each GET on the way", dearest)
        with self.budget("worker: two mails drafted → sent"):
            self.assertEqual(len(self.run_worker()), 2)

    def test_a_stranger_places_an_order_that_is_paid_at_the_door(self) -> None:
        pat = self.register(Visitor(), self.class_offer)
        with self.request_budget("… of which placing the order"):
            self.pay(pat, "door")
        self.assertEqual(Registration.objects.get().state, "held")

    def test_two_people_register_for_two_classes_in_one_order(self) -> None:
        second = factories.create_class_offer(self.session, factories.create_subject(version="B"), class_day=3)
        with self.budget("two people, two classes, one order: all requests"):
            pat = Visitor().open(self.class_offer.get_absolute_url()).follow("Register").follow("Add another class")
            people = {"who": "me", "others": "1", "other-0-first_name": "Quinn", "other-0-last_name": "Quist"}
            pat.press("Continue", {"classes": [str(self.class_offer.pk), str(second.pk)]} | people)
            self.pay(pat).sees("Thank you")
        self.assertEqual(Registration.objects.filter(state="confirmed").count(), 4)

    def test_a_voucher_is_entered_and_spent(self) -> None:
        voucher = office.issue_free_voucher(Decimal(100), None, {}, why="A prize", by=self.ada)
        rae = self.register(Visitor(), self.class_offer)
        with self.budget("voucher entered and spent"):
            self.pay(rae.press("Apply", {"code": voucher.grouped}))
        self.assertEqual(Registration.objects.get().state, "confirmed")


class StripeBudgetTest(BudgetMixin, StripeGatewayMixin, FlowTestCase):
    def test_a_webhook_of_stripe_confirms_the_spot(self) -> None:
        payment = attempts.start_attempt(place(cart((self.class_offer, me()))), "stripe", timezone.now())
        self.send_payer_to_stripe(payment)
        self.books.pay(payment.session, GOOD)
        [notice] = self.fake.notices("checkout.session.completed")
        address = reverse("static_process_payment", args=["stripe"])
        headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in notice.headers().items()}
        with self.budget("Stripe webhook → confirmed"):
            self.client.post(address, notice.body, content_type="application/json", **headers)
        self.assertEqual(Registration.objects.get().state, "confirmed")


class CancellationBudgetTest(BudgetMixin, FlowTestCase):
    def test_a_student_cancels_and_the_spot_is_offered(self) -> None:
        alice, _ = self.fill_class_and_join_waitlist()
        self.run_worker()
        alice.open(reverse("my_classes"))
        with self.budget("cancel one line: open the page"):
            alice.follow("Cancel this class")
        with self.request_budget("cancel one line: confirm"):
            alice.press("Yes, cancel")
        with self.budget("spot freed → offered → mail sent"):
            self.assertIn("zoe@example.org", [to for message in self.run_worker() for to in message.to])

    def test_the_school_cancels_one_day_of_a_class_of_ten(self) -> None:
        register_strangers(self.class_offer, 10)
        self.run_worker()
        day = self.class_offer.meetings.get(number=2)
        ada = self.desk().open(f"{reverse('desk_cancel_classes')}?class={self.class_offer.pk}")
        ada.press("Next: compensation", {"meeting": [str(day.pk)]})
        with self.request_budget("school cancels one day of a class of 10: quote"):
            ada.press("Next: preview", {"policy": "refund"})
        with self.request_budget("school cancels one day of a class of 10: apply"):
            ada.press("Cancel 1 class day", {"why": "Snow"})
        self.assertTrue(self.class_offer.meetings.get(number=2).is_canceled)


class OfficeBudgetTest(BudgetMixin, FlowTestCase):
    def test_the_next_session_of_ten_classes_is_planned(self) -> None:
        for day in range(9):
            factories.create_class_offer(
                self.session, factories.create_subject("L2", version=str(day)), self.tess.staff, class_day=day % 7
            )
        ada = self.desk().follow("Sessions").follow("Plan the next session")
        with self.request_budget("plan next session (10 classes): preview"):
            ada.press("Preview dates")
        with self.request_budget("plan next session (10 classes): create"):
            ada.press("Create session").sees("has been created with 10 classes")

    def test_a_teacher_adds_a_resource_and_a_student_opens_it(self) -> None:
        alice = Visitor(self.alice)
        self.buy(alice, self.class_offer)
        tess = Visitor(self.tess).open(reverse("teaching")).follow("Resources").follow("Text")
        with self.request_budget("teacher adds a resource"):
            tess.press("Add", {"title": "Steps of week one", "text": "Rock step", "opens": "class-1"})
        self.run_worker()
        after_class = self.class_offer.meetings.get(number=1).ends_at + timedelta(minutes=1)
        with mock.patch.object(timezone, "now", return_value=after_class):
            alice.client.force_login(self.alice)
            with self.request_budget("student opens a resource"):
                alice.open(reverse("resource_detail", args=[Resource.objects.get().pk]))


@with_scripted_gateway
class ReconciliationBudgetTest(BudgetMixin, FlowTestCase):
    def setUp(self) -> None:
        scripted_gateway.reset_gateway()

    def test_a_finding_is_applied(self) -> None:
        self.pay(self.register(Visitor(), self.class_offer), "practice-declined")
        order = Order.objects.get()
        payment = attempts.start_attempt(order, scripted_gateway.NAME, order.placed_at)
        day = dates.local_today() - timedelta(days=2)
        ScriptedGateway.theirs.append(gateway_line(payment, at=dates.local_moment(day, self.class_offer.start_time)))
        ada = self.desk().follow("Reconciliation")
        ada.press("Compare", {"since": day.isoformat(), "until": day.isoformat()})
        self.run_worker()
        ada.open(ada.address)
        with self.request_budget("reconciliation finding taken over"):
            ada.press("Apply to our records", {"why": "The webhook never came"})
        self.assertEqual(Payment.objects.latest("pk").status, "confirmed")
