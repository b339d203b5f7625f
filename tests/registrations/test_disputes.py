"""A payment dispute puts the registrations that it paid for on hold."""

from decimal import Decimal

from django.urls import reverse

from billing.domain.payments import webhooks
from billing.gateways.facts import DisputeState
from billing.models import Dispute
from mailroom.models import Message
from outbox.testing import delivery_problems, run_all
from registrations.models import Registration
from tests.base import SchoolTestCase
from tests.registrations import purchases

State = Registration.State


class DisputeTest(SchoolTestCase):
    def setUp(self) -> None:
        cart = purchases.cart(
            (self.class_offer, purchases.me()), (self.class_offer, purchases.of(self.kit)), payer=self.gus
        )
        self.order = purchases.pay(purchases.place(cart))
        run_all()

    def dispute(self, state: str, amount: Decimal | None = None) -> list[str]:
        payment = self.order.payments.get()
        dispute_state = DisputeState("d-1", amount or payment.total, payment.currency, state)
        webhooks.apply_polled_state(payment, [dispute_state])
        return self.states()

    def states(self) -> list[str]:
        run_all()
        self.assertEqual(delivery_problems(), [])
        return list(Registration.objects.order_by("pk").values_list("state", flat=True))

    def test_disputed_registrations_are_on_hold_and_confirmed_without_mail_when_the_dispute_is_won(self) -> None:
        mails = Message.objects.filter(template="registrations.registered").count()
        self.assertEqual(self.dispute("open"), [State.ON_HOLD, State.ON_HOLD])
        self.assertEqual(self.dispute("won"), [State.CONFIRMED, State.CONFIRMED])
        self.assertEqual(Message.objects.filter(template="registrations.registered").count(), mails)

    def test_desk_cannot_cancel_a_registration_until_the_dispute_is_decided(self) -> None:
        self.log_in(self.ada)
        address = reverse("desk_registration", args=[Registration.objects.order_by("pk")[0].pk])
        self.assertContains(self.client.get(address), "Cancel registration")
        self.dispute("open")
        self.assertNotContains(self.client.get(address), "Cancel registration")
        self.dispute("won")
        self.assertContains(self.client.get(address), "Cancel registration")

    def test_desk_sees_a_disputed_registration_as_disputed_instead_of_paid(self) -> None:
        self.log_in(self.ada)
        registration = Registration.objects.order_by("pk")[0]
        addresses = [
            reverse("desk_registrations"),
            reverse("desk_registration", args=[registration.pk]),
            reverse("desk_student", args=[registration.student_id]),
        ]
        self.dispute("open")
        for address in addresses:
            with self.subTest(address):
                page = self.client.get(address)
                self.assertContains(page, '<span class="badge warn">Disputed</span>')
                self.assertNotContains(page, '<span class="badge good">Paid</span>')
        self.assertContains(self.client.get(reverse("admin:registrations_registration_changelist")), ">Disputed<")

    def test_lost_dispute_of_the_whole_payment_cancels_the_registrations(self) -> None:
        self.dispute("open")
        self.assertEqual(self.dispute("lost"), [State.CANCELED, State.CANCELED])

    def test_lost_dispute_of_a_part_keeps_the_registrations_on_hold(self) -> None:
        self.dispute("open", Decimal(5))
        self.assertEqual(self.dispute("lost", Decimal(5)), [State.ON_HOLD, State.ON_HOLD])

    def test_registration_put_on_hold_by_the_office_stays_on_hold_when_a_dispute_is_won(self) -> None:
        Registration.objects.update(state=State.ON_HOLD, end_reason="Looked into")
        self.dispute("open")
        self.assertEqual(self.dispute("won"), [State.ON_HOLD, State.ON_HOLD])
        self.assertEqual(Dispute.objects.get().state, "won")
