"""After any sequence of ticket actions, no class day is overfull and no money is lost or refunded twice."""

from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal

from django.test import tag
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.domain.orders.placement import OrderNotPlaced
from billing.domain.pricing import balances
from billing.models import Order, OrderLine
from classwork.models import ClassOffer
from outbox.testing import run_all
from registrations.domain.tickets import upgrades
from registrations.models import Registration, Ticket
from tests import factories
from tests.billing import order_simulation
from tests.registrations import spot_simulation
from tests.registrations.purchases import cart, me, place
from tests.registrations.started_classes import ticket_cart

State = Ticket.State
NAMES = spot_simulation.NAMES
ACTS = ["place", "ticket", "ticket", "trial", "stay", "stay", "pay", "pay", "wait", "lapse", "line", "refund", "tidy"]
STEP = st.tuples(st.sampled_from(ACTS), st.integers(0, 5))


class School(spot_simulation.School):
    def ticket(self, number: int, *, trial: bool = False) -> None:
        day = self.class_offers[number % 2].meetings.all()[number % 3]
        order = ticket_cart(day, me(), trial=trial, **self.who(number))
        with suppress(OrderNotPlaced):
            place(order)
            return
        order.lines.all().delete()

    def trial(self, number: int) -> None:
        self.ticket(number, trial=True)

    def stay(self, number: int) -> None:
        """Upgrade a ticket with the cart of its payer. A refusal is expected when it cannot be upgraded."""
        tickets = list(Ticket.objects.for_lists().filter(state=State.CONFIRMED).order_by("pk"))
        if not tickets:
            return
        ticket = tickets[number % len(tickets)]
        order = cart(payer=self.payer, name=ticket.line.order.payer_name, email=ticket.line.order.payer_email)
        with suppress(OrderNotPlaced, upgrades.UpgradeRefused):
            upgrades.add_upgrade_to_cart(ticket, order, self.now)
            place(order)
            return
        order.lines.all().delete()

    def who(self, number: int) -> dict[str, object]:
        name = NAMES[number % 3]
        return {"payer": self.payer, "name": name, "email": f"{name.lower()}@example.org"}

    def states(self, lines: Iterable[OrderLine]) -> list[str]:
        """An upgraded ticket has been paid for like a valid one."""
        lines = list(lines)
        tickets = Ticket.objects.filter(line__in=lines).values_list("state", flat=True)
        stand = [State.CONFIRMED if each == State.TRANSFERRED else each for each in tickets]
        return [*super().states(lines), *stand]

    def check(self, test: TestCase) -> None:
        order_simulation.School.check(self, test)
        for class_offer in self.class_offers:
            places = Registration.objects.filter(class_offer=class_offer).taking_a_place(self.now)
            for day in class_offer.meetings.all():
                becoming = places.filter(
                    line__exchanged_from__tickets__meeting=day, line__exchanged_from__tickets__state="confirmed"
                )
                guests = Ticket.objects.filter(meeting=day).taking_a_place(self.now).count() - becoming.count()
                test.assertLessEqual(places.count() + guests, class_offer.capacity or 99)
        for line in OrderLine.objects.exclude(exchanged_at=None):
            test.assertEqual(line.tickets.get().state, State.TRANSFERRED)
        for order in Order.objects.placed().filter(state=Order.State.PAID):
            kept = sum((line.retained for line in order.lines.all()), Decimal(0))
            test.assertGreaterEqual(order.amount_charged, kept)
            test.assertGreaterEqual(balances.amount_available(order), 0)


@tag("once", "long")
class TicketPropertyTest(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.gus, cls.sue = (
            factories.create_account("gus@example.org", "Gus"),
            factories.create_account("sue@example.org", "Sue"),
        )
        session = factories.create_session("Open")
        prices = {"drop_in_price": 15, "trial_price": 5}
        factories.create_class_offer(session, factories.create_subject(), capacity=1, **prices)
        factories.create_class_offer(session, factories.create_subject(version="B"), class_day=2, capacity=2, **prices)
        factories.create_class_offer(session, factories.create_subject(version="C"), class_day=3)
        ClassOffer.objects.update(pay_at_door=False)

    @settings(max_examples=8, deadline=None)
    @example([("ticket", 0), ("pay", 0), ("stay", 0), ("pay", 1), ("line", 1), ("place", 0)], False)
    @example([("trial", 1), ("pay", 0), ("stay", 0), ("wait", 0), ("stay", 0), ("pay", 2), ("refund", 1)], True)
    @given(st.lists(STEP, min_size=3, max_size=12), st.booleans())
    def test_no_sequence_overfills_a_day_or_loses_money(self, steps: list[tuple[str, int]], logged_in: bool) -> None:
        school = School(self.gus if logged_in else None, self.sue)
        for act, number in steps:
            getattr(school, act)(number)
            school.check(self)
        run_all()
        school.check(self)
