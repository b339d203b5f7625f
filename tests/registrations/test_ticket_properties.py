"""After any sequence of ticket actions, no class day is overfull and no money is lost or refunded twice."""

from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal

from django.test import tag
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.domain.pricing import balances
from billing.errors import OrderNotPlaced, RefundRefused
from billing.models import Order, OrderLine
from classwork.models import ClassOffer
from outbox.testing import run_all
from registrations.domain.upgrades import upgrades
from registrations.errors import RegistrationRefused
from registrations.models import Registration
from tests import factories
from tests.billing import order_simulation
from tests.registrations import spot_simulation
from tests.registrations.purchases import cart, me, place
from tests.registrations.started_classes import ticket_cart

State = Registration.State
NAMES = spot_simulation.NAMES
STEPS = """
    place_order buy_ticket buy_ticket buy_trial upgrade_ticket upgrade_ticket pay_order pay_order let_holds_pass
    expire_holds cancel_line refund_order
""".split()
STEP = st.tuples(st.sampled_from(STEPS), st.integers(0, 5))


class TicketSimulation(spot_simulation.SpotSimulation):
    def buy_ticket(self, number: int, *, trial: bool = False) -> None:
        day = self.class_offers[number % 2].meetings.all()[number % 3]
        order = ticket_cart(day, me(), trial=trial, **self.payer_for(number))
        with suppress(OrderNotPlaced):
            place(order)
            return
        order.lines.all().delete()

    def buy_trial(self, number: int) -> None:
        self.buy_ticket(number, trial=True)

    def upgrade_ticket(self, number: int) -> None:
        """Upgrade a ticket with the cart of its payer. A refusal is expected when it cannot be upgraded."""
        tickets = list(Registration.objects.single_meeting().confirmed().for_meeting_lists().order_by("pk"))
        if not tickets:
            return
        ticket = tickets[number % len(tickets)]
        order = cart(payer=self.payer, name=ticket.line.order.payer_name, email=ticket.line.order.payer_email)
        with suppress(OrderNotPlaced, RegistrationRefused):
            upgrades.add_upgrade_to_cart(ticket, order, self.now)
            place(order)
            return
        order.lines.all().delete()

    def refund_order(self, number: int) -> None:
        with suppress(RefundRefused):  # A ticket may be about to be upgraded.
            super().refund_order(number)

    def payer_for(self, number: int) -> dict[str, object]:
        name = NAMES[number % 3]
        return {"payer": self.payer, "name": name, "email": f"{name.lower()}@example.org"}

    def line_states(self, lines: Iterable[OrderLine]) -> list[str]:
        """An upgraded ticket has been paid for like a valid one."""
        return [State.CONFIRMED if state == State.TRANSFERRED else state for state in super().line_states(lines)]

    def check_invariants(self, test: TestCase) -> None:
        order_simulation.OrderSimulation.check_invariants(self, test)
        for class_offer in self.class_offers:
            places = Registration.objects.whole_class().filter(class_offer=class_offer).taking_a_spot(self.now)
            for day in class_offer.meetings.all():
                before = "line__exchanged_from__registrations"
                becoming = places.filter(**{f"{before}__meeting": day, f"{before}__state": "confirmed"})
                tickets = Registration.objects.filter(meeting=day).taking_a_spot(self.now)
                guests = tickets.count() - becoming.count()
                test.assertLessEqual(places.count() + guests, class_offer.capacity or 99)
        for line in OrderLine.objects.exclude(exchanged_at=None):
            test.assertEqual(line.registrations.get().state, State.TRANSFERRED)
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
    @example(
        [
            ("buy_ticket", 0),
            ("pay_order", 0),
            ("upgrade_ticket", 0),
            ("pay_order", 1),
            ("cancel_line", 1),
            ("place_order", 0),
        ],
        False,
    )
    @example(
        [
            ("buy_trial", 1),
            ("pay_order", 0),
            ("upgrade_ticket", 0),
            ("let_holds_pass", 0),
            ("upgrade_ticket", 0),
            ("pay_order", 2),
            ("refund_order", 1),
        ],
        True,
    )
    @given(st.lists(STEP, min_size=3, max_size=12), st.booleans())
    def test_no_sequence_overfills_a_day_or_loses_money(self, steps: list[tuple[str, int]], logged_in: bool) -> None:
        simulation = TicketSimulation(self.gus if logged_in else None, self.sue)
        for step, number in steps:
            getattr(simulation, step)(number)
            simulation.check_invariants(self)
        run_all()
        simulation.check_invariants(self)
