"""A ticket becomes a place at the difference."""

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
from billing.domain.orders.placement import OrderNotPlaced
from billing.domain.pricing import balances
from billing.domain.refunds import reservations
from billing.models import Order
from classwork.domain.places import joining
from classwork.domain.places.joining import JoiningTerms
from classwork.domain.places.tickets import asking, staying
from classwork.models import Meeting, Registration, Ticket
from history.models import Entry
from mailroom.models import Message
from tests.classwork.buying import cart, line, other, pay, place
from tests.classwork.tickets import TicketTestCase
from tests.classwork.trying import begun, fresh
from tests.page_text import text_of

State = Ticket.State


class StayingTestCase(TicketTestCase):
    """Six evenings for sixty, one for fifteen."""

    def setUp(self) -> None:
        super().setUp()
        self.change(price=60, drop_in_price=15, pro_rata=True)
        self.offer.subject.pre_pay_discount = 0
        self.offer.subject.save()

    def bought(self, day: int = 0, **more: Any) -> Ticket:
        order = self.buy(day, payer=self.alice, **more)
        ticket = self.ticket(order if order.state == Order.State.PAID else pay(order))
        return Ticket.objects.for_lists().get(pk=ticket.pk)

    def stay(self, ticket: Ticket) -> Order:
        basket = carts.find_cart_of_account(self.alice) or carts.create_cart(self.alice)
        basket.payer_name, basket.payer_email = "Alice Arden", self.alice.email
        basket.save()
        staying.add_upgrade_to_cart(ticket, basket, timezone.now())
        return place(basket)

    def after(self, gone: int) -> None:
        begun(self.offer, gone)


class PriceTest(StayingTestCase):
    def test_before_the_evening_the_price_is_that_of_the_class_less_the_ticket(self) -> None:
        order = pay(self.stay(self.bought()))
        self.assertEqual(order.charged, 45)
        self.assertEqual(Registration.objects.get().state, "confirmed")
        self.assertEqual(Ticket.objects.get().state, State.TRANSFERRED)

    def test_after_it_the_evening_is_paid_for_with_those_to_come(self) -> None:
        ticket = self.bought(1)
        self.after(3)  # two of five are left, and the one that was tried
        order = pay(self.stay(ticket))
        self.assertEqual(line(order).facts["less_why"], "For 3 of 5 classes")
        self.assertEqual(order.charged, 36 - 15)

    def test_a_free_trial_costs_nothing_afterwards_either(self) -> None:
        ticket = self.bought(0, trial=True)
        self.after(1)
        self.assertEqual(pay(self.stay(ticket)).charged, 48)

    def test_where_late_joiners_pay_in_full_the_ticket_is_taken_off_that(self) -> None:
        self.change(pro_rata=False)
        ticket = self.bought(0)
        self.after(2)
        self.assertEqual(pay(self.stay(ticket)).charged, 45)

    def test_a_ticket_is_taken_off_once(self) -> None:
        ticket = self.bought()
        pay(self.stay(ticket))
        with self.assertRaisesMessage(staying.UpgradeRefused, staying.ENDED):
            self.stay(Ticket.objects.for_lists().get())

    def test_nothing_is_taken_off_for_a_ticket_that_was_given_back(self) -> None:
        ticket = self.bought()
        line_cancellation.cancel_line(ticket.line, at=timezone.now(), why="Ill")
        with self.assertRaisesMessage(staying.UpgradeRefused, staying.ENDED):
            self.stay(Ticket.objects.for_lists().get())

    def test_money_given_back_for_the_ticket_is_not_taken_off_again(self) -> None:
        ticket = self.bought()
        reservations.refund_by_staff(ticket.line.order, Decimal(10), why="It rained in", by=self.ada)
        self.assertEqual(pay(self.stay(Ticket.objects.for_lists().get())).charged, 55)

    def test_who_was_there_for_an_evening_may_stay_when_registration_is_over_for_newcomers(self) -> None:
        ticket = self.bought()
        type(self.session).objects.update(expire_date=timezone.localdate() - timedelta(days=1))
        self.assertEqual(pay(self.stay(ticket)).charged, 45)

    def test_the_page_says_what_the_cart_will_say(self) -> None:
        ticket = self.bought(1)
        self.after(3)
        self.assertEqual(staying.quote_upgrade(ticket, timezone.now()), (36, 15))

    def test_the_ticket_stands_until_the_place_is_paid(self) -> None:
        ticket = self.bought()
        order = self.stay(ticket)
        ticket.refresh_from_db()
        self.assertEqual(ticket.state, State.CONFIRMED)
        pay(order)
        ticket.refresh_from_db()
        self.assertEqual(ticket.state, State.TRANSFERRED)

    def test_cancelled_all_that_was_paid_comes_back_from_both_orders(self) -> None:
        order = pay(self.stay(self.bought()))
        self.assertEqual(line_cancellation.cancel_line(line(order), at=timezone.now(), why="Moves away"), 60)
        self.assertEqual([balances.amount_received(one) for one in Order.objects.placed()], [0, 0])

    def test_the_own_ticket_stands_in_nobodys_way_but_others_do(self) -> None:
        self.change(capacity=1)
        ticket = self.bought()
        with self.assertRaisesMessage(OrderNotPlaced, "full"):
            place(cart((fresh(self.offer), other("Bo", "bo@example.org"))))
        pay(self.stay(ticket))
        self.assertEqual(self.left(), 0)


class PriceLaws(SimpleTestCase):
    @given(
        full=st.decimals(0, 300, places=2),
        of=st.integers(1, 12),
        gone=st.integers(0, 12),
        paid=st.decimals(0, 60, places=2),
    )
    @settings(max_examples=30)
    def test_who_stays_never_pays_more_than_who_comes_anew_nor_less_than_the_evenings_cost(
        self, full: Decimal, of: int, gone: int, paid: Decimal
    ) -> None:
        gone = min(gone, of)
        at = timezone.now()
        now = JoiningTerms(of - gone, of, full, joining.late_joiner_reduction(full, of - gone, of, "USD"))
        ticket = Ticket(meeting=Meeting(starts_at=at - timedelta(days=1) if gone else at + timedelta(days=1)))
        stays = staying.joining_terms_with_ticket(ticket, now, paid, at)
        to_pay = max(stays.net_price - paid, Decimal(0))
        self.assertTrue(0 <= stays.less <= full)
        self.assertLessEqual(to_pay, now.net_price)
        self.assertLessEqual(to_pay + min(paid, stays.net_price), full)


class PagesTest(StayingTestCase):
    def test_a_stranger_stays_by_the_link_in_the_mail(self) -> None:
        self.change(trial_price=5)
        pay(self.buy(0, trial=True))
        ticket = Ticket.objects.for_lists().get()
        page = self.client.get(staying.ticket_url(ticket))
        self.assertContains(page, "Join for $55.00")
        answer = self.client.post(reverse("stay", args=[staying.ticket_url(ticket).split("/")[2]]))
        self.assertRedirects(answer, reverse("checkout"), fetch_redirect_response=False)
        self.assertContains(self.client.get(reverse("checkout_review")), "−$5.00")
        self.assertRegex(text_of(self.client.get(reverse("cart"))), r"Paid for .* −\$5.00")
        self.assertEqual(pay(place(Order.objects.get(state=Order.State.CART))).charged, 55)
        self.assertEqual(Registration.objects.get().student, ticket.student)

    def test_what_an_account_paid_for_is_exchanged_by_that_account(self) -> None:
        ticket = self.bought()
        url = reverse("stay", args=[staying.ticket_url(ticket).split("/")[2]])
        self.assertIn("next=", self.client.post(url)["Location"])
        self.log_in(self.alice)
        self.assertContains(self.client.get(reverse("my_classes")), staying.ticket_url(ticket).split("/")[1])
        self.assertRedirects(self.client.post(url), reverse("checkout"), fetch_redirect_response=False)

    def test_a_made_up_link_is_nothing(self) -> None:
        self.assertEqual(self.client.get("/tickets/nonsense/").status_code, 404)

    def test_the_desk_does_it_with_a_reason(self) -> None:
        ticket = self.bought()
        self.log_in(self.ada)
        url = reverse("desk_ticket", args=[ticket.pk])
        self.assertContains(self.client.get(url), "Join the rest of the series")
        self.client.post(url, {"why": "Asked at the door"})
        self.assertEqual(Registration.objects.get().student, ticket.student)
        self.assertEqual(Order.objects.order_by("pk").last().now_total, 45)
        self.assertTrue(Entry.objects.filter(action="classwork.stayed_at_the_desk", why="Asked at the door").exists())

    @tag("rows")
    def test_the_list_of_the_desk_costs_the_same_queries_with_many(self) -> None:
        self.log_in(self.ada)
        self.assertSameQueries(reverse("desk_tickets", args=[self.offer.pk]), self.many)

    def many(self, count: int) -> None:
        for number in range(count):
            pay(self.buy(1, other("Bo", f"bo{count}of{number}@example.org")))


class MailTest(StayingTestCase):
    def ask(self, after: timedelta) -> int:
        noon = timezone.localtime(self.days[0].ends_at + after).replace(hour=12)
        return asking.send_stay_invitations(noon)

    def test_the_day_after_they_are_asked_to_stay_once(self) -> None:
        self.bought(0, trial=True)
        self.after(1)
        self.days = list(fresh(self.offer).meetings.all())
        self.assertEqual(self.ask(timedelta(0)), 0)
        self.ask(timedelta(days=1))
        self.ask(timedelta(days=1))
        self.assertEqual(Message.objects.filter(template="classwork.stay").count(), 1)

    def test_who_has_a_place_or_cannot_join_any_more_is_not_asked(self) -> None:
        self.bought(0, trial=True)
        self.after(1)
        self.change(last_joining=1)
        self.days = list(fresh(self.offer).meetings.all())
        self.assertEqual(self.ask(timedelta(days=1)), 0)
