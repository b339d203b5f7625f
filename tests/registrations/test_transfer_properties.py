"""After any purchases, transfers and cancellations, each paid line has one spot and no class is overfull.

A transfer that is quoted is never refused, and refunds, returns and keeps exactly what the quote says.
"""

from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal

from django.test import tag
from django.utils import timezone
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.domain.cancellations import line_cancellation
from billing.domain.pricing import balances
from billing.errors import OrderTransitionRefused
from billing.models import Credit, Order, OrderLine, Payment
from outbox.testing import run_all
from registrations.domain.attendees import TypedPerson
from registrations.domain.transfers import to_class, to_person
from registrations.domain.transfers.to_class import DeskOverride, TransferRequest
from registrations.errors import RegistrationRefused
from registrations.models import Registration
from tests import factories
from tests.registrations import spot_simulation
from tests.registrations.spot_simulation import NAMES, State

TRANSFERS = [
    "transfer_to_class",
    "transfer_to_class",
    "transfer_to_class",
    "transfer_at_desk",
    "transfer_to_person",
    "cancel_registration",
]
STEP = st.tuples(st.sampled_from([*spot_simulation.STEPS, *TRANSFERS]), st.integers(0, 5))


def ledger() -> list[Decimal]:
    """Return what was refunded, what was returned as credit, and what the school kept, in all orders."""
    entries = Credit.objects.filter(reason__in=[Credit.Reason.RETURNED, Credit.Reason.INSTEAD])
    kept = [
        *OrderLine.objects.values_list("retained", flat=True),
        *Order.objects.values_list("credit_retained", flat=True),
    ]
    refunded = Payment.objects.values_list("refunded_amount", flat=True)
    return [sum(amounts, Decimal(0)) for amounts in (refunded, entries.values_list("amount", flat=True), kept)]


class TransferSimulation(spot_simulation.SpotSimulation):
    def pick_registration(self, number: int) -> Registration | None:
        found = list(Registration.objects.exclude(line=None).order_by("pk"))
        return found[(5 * number) % len(found)] if found else None

    def transfer_to_class(self, number: int, *, by_desk: bool = False) -> None:
        if (spot := self.pick_registration(number)) is None:
            return
        speaks = spot.student.user or spot.student.guardian or self.staff
        by = DeskOverride(self.staff, "x", over_capacity=number == 4, waived=number == 5) if by_desk else speaks
        request, at = TransferRequest(self.class_offers[number % 3]), timezone.now()
        try:
            plan = to_class.plan_transfer(spot, request, by, at)
        except RegistrationRefused:
            return
        before = ledger()
        order = to_class.transfer_to_class(spot, request, by, at, seen=plan.fingerprint)
        done = [now - earlier for now, earlier in zip(ledger(), before, strict=True)]
        planned = [plan.refund_amount, plan.credit, plan.refunds.outcome.kept]
        assert (planned, plan.to_pay) == (done, balances.open_balance(order, at)), (planned, done, plan)

    def transfer_at_desk(self, number: int) -> None:
        self.transfer_to_class(number, by_desk=True)

    def transfer_to_person(self, number: int) -> None:
        if spot := self.pick_registration(number):
            name = NAMES[number % 3]
            to = TypedPerson(name, name, f"{name.lower()}@example.org")
            with suppress(RegistrationRefused):
                to_person.transfer_to_person(spot, to, DeskOverride(self.staff, "x"), timezone.now())

    def cancel_registration(self, number: int) -> None:
        if (spot := self.pick_registration(number)) and spot.line:
            with suppress(OrderTransitionRefused):
                line_cancellation.cancel_line(spot.line, at=self.now, why="x")

    def line_states(self, lines: Iterable[OrderLine]) -> list[str]:
        """A spot that was transferred to another class or person no longer belongs to anybody."""
        return [state for state in super().line_states(lines) if state != State.TRANSFERRED]

    def check_order(self, test: TestCase, order: Order) -> None:
        super().check_order(test, order)
        if order.state == Order.State.PAID:
            price = balances.price_at(order, order.paid_at or self.now)
            test.assertLessEqual(order.amount_charged, price.total + sum(line.retained for line in order.lines.all()))

    def _check_line(self, test: TestCase, line: OrderLine) -> None:
        """An exchanged line keeps only its payment; the spot belongs to the new line."""
        if line.exchanged_at is None:
            super()._check_line(test, line)
            return
        test.assertFalse(Registration.objects.live().filter(line=line).exists())
        by = line.successor(timezone.now())
        test.assertIsNotNone(by)
        test.assertTrue(by.exchanged_at or Registration.objects.live().filter(line=by).exists())  # type: ignore[union-attr]


@tag("once", "long")
class TransferPropertyTest(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.gus, cls.sue = (
            factories.create_account("gus@example.org", "Gus"),
            factories.create_account("sue@example.org", "Sue"),
        )
        factories.create_child(cls.gus, "Kit")
        session = factories.create_session("Open")
        factories.create_class_offer(session, factories.create_subject(), capacity=2)
        factories.create_class_offer(session, factories.create_subject(version="B"), class_day=2, capacity=2, price=100)
        factories.create_class_offer(session, factories.create_subject(version="C"), class_day=3, price=40)

    @settings(max_examples=12, deadline=None, phases=[Phase.generate])
    @given(st.lists(STEP, min_size=5, max_size=14), st.booleans())
    def test_no_sequence_leaves_two_spots_or_none_for_one_payment(
        self, steps: list[tuple[str, int]], logged_in: bool
    ) -> None:
        simulation = TransferSimulation(self.gus if logged_in else None, self.sue)
        for step, number in [("place_order", 0), ("pay_order", 0), *steps]:
            getattr(simulation, step)(number)
            simulation.check_invariants(self)
        run_all()
        simulation.check_invariants(self)
