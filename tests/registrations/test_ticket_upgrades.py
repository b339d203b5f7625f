"""A drop-in or trial ticket is upgraded to a registration for the difference in price."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.test import SimpleTestCase, tag
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.domain.cancellations import line_cancellation
from billing.domain.orders import cart as carts
from billing.domain.pricing import balances
from billing.domain.refunds import reservations
from billing.errors import OrderNotPlaced
from billing.models import Order
from classwork.models import Meeting
from history.models import Entry
from mailroom.models import Message
from registrations.domain import late_joining
from registrations.domain.late_joining import JoiningTerms
from registrations.domain.upgrades import invitations, upgrades
from registrations.errors import RegistrationRefused
from registrations.models import Registration
from tests.page_text import text_of
from tests.registrations.purchases import cart, line, other, pay, place
from tests.registrations.started_classes import reload_class, start_class
from tests.registrations.tickets import TicketTestCase

State = Registration.State


class TicketUpgradeTestCase(TicketTestCase):
    """The class costs $60.00 and a drop-in $15.00."""

    def setUp(self) -> None:
        super().setUp()
        self.change(price=60, drop_in_price=15, pro_rata=True)
        self.class_offer.subject.pre_pay_discount = 0
        self.class_offer.subject.save()

    def buy_ticket(self, day: int = 0, **more: Any) -> Registration:
        order = self.buy(day, payer=self.alice, **more)
        ticket = self.ticket(order if order.state == Order.State.PAID else pay(order))
        return Registration.objects.single_meeting().for_meeting_lists().get(pk=ticket.pk)

    def upgrade(self, ticket: Registration) -> Order:
        basket = carts.find_cart_of_account(self.alice) or carts.create_cart(self.alice)
        basket.payer_name, basket.payer_email = "Alice Arden", self.alice.email
        basket.save()
        upgrades.add_upgrade_to_cart(ticket, basket, timezone.now())
        return place(basket)

    def let_classes_pass(self, classes_held: int) -> None:
        start_class(self.class_offer, classes_held)


class UpgradePriceTest(TicketUpgradeTestCase):
    def test_before_the_drop_in_the_upgrade_costs_the_class_price_less_the_ticket(self) -> None:
        order = pay(self.upgrade(self.buy_ticket()))
        self.assertEqual(order.amount_charged, 45)
        self.assertEqual(Registration.objects.whole_class().get().state, "confirmed")
        self.assertEqual(Registration.objects.single_meeting().get().state, State.TRANSFERRED)

    def test_after_the_drop_in_its_class_is_charged_with_the_remaining_ones(self) -> None:
        ticket = self.buy_ticket(1)
        self.let_classes_pass(3)  # two of five are left, plus the one attended with the ticket
        order = pay(self.upgrade(ticket))
        self.assertEqual(line(order).price_facts["reduction_reason"], "For 3 of 5 classes")
        self.assertEqual(order.amount_charged, 36 - 15)

    def test_attended_free_trial_is_not_charged_on_upgrade(self) -> None:
        ticket = self.buy_ticket(0, trial=True)
        self.let_classes_pass(1)
        self.assertEqual(pay(self.upgrade(ticket)).amount_charged, 48)

    def test_ticket_is_credited_against_the_full_price_when_late_joiners_pay_in_full(self) -> None:
        self.change(pro_rata=False)
        ticket = self.buy_ticket(0)
        self.let_classes_pass(2)
        self.assertEqual(pay(self.upgrade(ticket)).amount_charged, 45)

    def test_ticket_can_be_upgraded_only_once(self) -> None:
        ticket = self.buy_ticket()
        pay(self.upgrade(ticket))
        with self.assertRaisesMessage(RegistrationRefused, upgrades.ENDED):
            self.upgrade(Registration.objects.single_meeting().for_meeting_lists().get())

    def test_canceled_ticket_cannot_be_upgraded(self) -> None:
        ticket = self.buy_ticket()
        line_cancellation.cancel_line(ticket.line, at=timezone.now(), why="Ill")
        with self.assertRaisesMessage(RegistrationRefused, upgrades.ENDED):
            self.upgrade(Registration.objects.single_meeting().for_meeting_lists().get())

    def test_refunded_part_of_the_ticket_is_not_credited(self) -> None:
        ticket = self.buy_ticket()
        reservations.refund_by_staff(ticket.line.order, Decimal(10), why="It rained in", by=self.ada)
        self.assertEqual(
            pay(self.upgrade(Registration.objects.single_meeting().for_meeting_lists().get())).amount_charged, 55
        )

    def test_ticket_holder_can_upgrade_after_registration_has_closed(self) -> None:
        ticket = self.buy_ticket()
        type(self.session).objects.update(expire_date=timezone.localdate() - timedelta(days=1))
        self.assertEqual(pay(self.upgrade(ticket)).amount_charged, 45)

    def test_quoted_upgrade_price_is_the_cart_price(self) -> None:
        ticket = self.buy_ticket(1)
        self.let_classes_pass(3)
        self.assertEqual(upgrades.quote_upgrade(ticket, timezone.now()), (36, 15))

    def test_ticket_stays_valid_until_the_upgrade_is_paid(self) -> None:
        ticket = self.buy_ticket()
        order = self.upgrade(ticket)
        ticket.refresh_from_db()
        self.assertEqual(ticket.state, State.CONFIRMED)
        pay(order)
        ticket.refresh_from_db()
        self.assertEqual(ticket.state, State.TRANSFERRED)

    def test_canceling_the_upgrade_refunds_both_orders(self) -> None:
        order = pay(self.upgrade(self.buy_ticket()))
        self.assertEqual(line_cancellation.cancel_line(line(order), at=timezone.now(), why="Moves away"), 60)
        self.assertEqual([balances.amount_received(one) for one in Order.objects.placed()], [0, 0])

    def test_upgrade_reuses_the_spot_of_the_ticket_that_other_buyers_cannot_take(self) -> None:
        self.change(capacity=1)
        ticket = self.buy_ticket()
        with self.assertRaisesMessage(OrderNotPlaced, "full"):
            place(cart((reload_class(self.class_offer), other("Bo", "bo@example.org"))))
        pay(self.upgrade(ticket))
        self.assertEqual(self.left(), 0)


class UpgradePricePropertyTest(SimpleTestCase):
    @given(
        full=st.decimals(0, 300, places=2),
        of=st.integers(1, 12),
        classes_held=st.integers(0, 12),
        paid=st.decimals(0, 60, places=2),
    )
    @settings(max_examples=30)
    def test_upgrade_never_costs_more_than_registering_new_and_never_exceeds_the_full_price(
        self, full: Decimal, of: int, classes_held: int, paid: Decimal
    ) -> None:
        classes_held = min(classes_held, of)
        at = timezone.now()
        new_terms = JoiningTerms(
            of - classes_held, of, full, late_joining.late_joiner_reduction(full, of - classes_held, of, "USD")
        )
        starts_at = at - timedelta(days=1) if classes_held else at + timedelta(days=1)
        ticket = Registration(meeting=Meeting(starts_at=starts_at))
        stays = upgrades.joining_terms_with_ticket(ticket, new_terms, paid, at)
        to_pay = max(stays.net_price - paid, Decimal(0))
        self.assertTrue(0 <= stays.reduction <= full)
        self.assertLessEqual(to_pay, new_terms.net_price)
        self.assertLessEqual(to_pay + min(paid, stays.net_price), full)


class UpgradePagesTest(TicketUpgradeTestCase):
    def test_stranger_upgrades_by_the_link_in_the_mail(self) -> None:
        self.change(trial_price=5)
        pay(self.buy(0, trial=True))
        ticket = Registration.objects.single_meeting().for_meeting_lists().get()
        page = self.client.get(upgrades.ticket_url(ticket))
        self.assertContains(page, "Join for $55.00")
        answer = self.client.post(reverse("upgrade_ticket", args=[upgrades.ticket_url(ticket).split("/")[2]]))
        self.assertRedirects(answer, reverse("checkout"), fetch_redirect_response=False)
        self.assertContains(self.client.get(reverse("checkout")), "−$5.00")
        self.assertRegex(text_of(self.client.get(reverse("cart"))), r"Paid for .* −\$5.00")
        self.assertEqual(pay(place(Order.objects.get(state=Order.State.CART))).amount_charged, 55)
        self.assertEqual(Registration.objects.whole_class().get().student, ticket.student)

    def test_ticket_paid_by_an_account_is_upgraded_by_that_account(self) -> None:
        ticket = self.buy_ticket()
        url = reverse("upgrade_ticket", args=[upgrades.ticket_url(ticket).split("/")[2]])
        self.assertIn("next=", self.client.post(url)["Location"])
        self.log_in(self.alice)
        self.assertContains(self.client.get(reverse("my_classes")), upgrades.ticket_url(ticket).split("/")[1])
        self.assertRedirects(self.client.post(url), reverse("checkout"), fetch_redirect_response=False)

    def test_invalid_link_is_not_found(self) -> None:
        self.assertEqual(self.client.get("/tickets/nonsense/").status_code, 404)

    def test_desk_upgrades_a_ticket_with_a_reason(self) -> None:
        ticket = self.buy_ticket()
        self.log_in(self.ada)
        url = reverse("desk_ticket", args=[ticket.pk])
        self.assertContains(self.client.get(url), "Join the rest of the series")
        self.client.post(url, {"why": "Asked at the door"})
        self.assertEqual(Registration.objects.whole_class().get().student, ticket.student)
        self.assertEqual(Order.objects.order_by("pk").last().early_total, 45)
        self.assertTrue(
            Entry.objects.filter(action="registrations.ticket_upgraded_at_desk", reason="Asked at the door").exists()
        )

    @tag("rows")
    def test_ticket_list_of_the_desk_runs_the_same_queries_with_many_tickets(self) -> None:
        self.log_in(self.ada)
        self.assertSameQueries(reverse("desk_tickets", args=[self.class_offer.pk]), self.many)

    def many(self, count: int) -> None:
        for number in range(count):
            pay(self.buy(1, other("Bo", f"bo{count}of{number}@example.org")))


class UpgradeInvitationTest(TicketUpgradeTestCase):
    def send_invitations(self, after: timedelta) -> int:
        noon = timezone.localtime(self.days[0].ends_at + after).replace(hour=12)
        return invitations.send_upgrade_invitations(noon)

    def test_invitation_is_sent_once_on_the_day_after_the_ticket(self) -> None:
        self.buy_ticket(0, trial=True)
        self.let_classes_pass(1)
        self.days = list(reload_class(self.class_offer).meetings.all())
        self.assertEqual(self.send_invitations(timedelta(0)), 0)
        self.send_invitations(timedelta(days=1))
        self.send_invitations(timedelta(days=1))
        self.assertEqual(Message.objects.filter(template="registrations.upgrade_invitation").count(), 1)

    def test_nobody_is_invited_when_joining_is_no_longer_possible(self) -> None:
        self.buy_ticket(0, trial=True)
        self.let_classes_pass(1)
        self.change(last_joinable_class=1)
        self.days = list(reload_class(self.class_offer).meetings.all())
        self.assertEqual(self.send_invitations(timedelta(days=1)), 0)
