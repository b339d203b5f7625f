"""After any sequence of all that people, the desk and the school do, the books, the spots and the waitlists are right.

Each paid line has one spot, no class is overfull, and nobody waits for a spot that is free. A move or a cancellation
that is quoted is never refused, and it refunds, returns and keeps exactly what its quote says.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal

from django.test import override_settings, tag
from django.utils import timezone
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.domain.cancellations import quoted_cancellation
from billing.domain.orders import cart as carts
from billing.domain.pricing import balances
from billing.domain.refunds.plan import RefundOutcome
from billing.domain.vouchers import office
from billing.errors import OrderNotPlaced, OrderTransitionRefused, RefundRefused
from billing.models import Credit, Order, OrderLine, Payment, Voucher
from outbox.testing import run_all
from registrations.domain import spot_offers
from registrations.domain.attendees import TypedPerson
from registrations.domain.cancellations.class_cancellation import cancel_classes
from registrations.domain.cancellations.plan import plan_cancellation
from registrations.domain.cancellations.request import FOR_CLASSES, CancellationRequest
from registrations.domain.line_details import OTHER, Attendee
from registrations.domain.transfers import to_class, to_person
from registrations.domain.transfers.to_class import DeskOverride, TransferRequest
from registrations.domain.waitlist import entries
from registrations.domain.waitlist.entries import Contact, WaitlistRequest
from registrations.errors import RegistrationRefused
from registrations.models import Registration, WaitlistEntry
from tests import factories
from tests.registrations import spot_simulation
from tests.registrations.purchases import cart, me, place
from tests.registrations.spot_simulation import NAMES, State

STEPS = [
    *spot_simulation.STEPS,
    *"""
    transfer_to_class transfer_to_class transfer_to_class transfer_at_desk transfer_to_person cancel_as_quoted
    spend_voucher spend_voucher dispute_payment join_waitlist join_waitlist accept_offer cancel_class_day cancel_class
    """.split(),
]
STEP = st.tuples(st.sampled_from(STEPS), st.integers(0, 5))


def read_books() -> list[Decimal]:
    """Return what was refunded, what was returned as credit, and what the school kept, in all orders."""
    entries_of_refunds = Credit.objects.filter(reason__in=[Credit.Reason.RETURNED, Credit.Reason.INSTEAD])
    kept = [order.credit_retained + sum(line.retained for line in order.lines.all()) for order in Order.objects.all()]
    refunded = Payment.objects.values_list("refunded_amount", flat=True)
    amounts = (refunded, entries_of_refunds.values_list("amount", flat=True), kept)
    return [sum(each, Decimal(0)) for each in amounts]


@contextmanager
def booked_as_planned(outcomes: Iterable[RefundOutcome]) -> Iterator[None]:
    planned, before = sum(outcomes, RefundOutcome()), read_books()
    yield
    booked = [now - earlier for now, earlier in zip(read_books(), before, strict=True)]
    assert booked == [planned.refund, planned.new_credit + planned.old_credit, planned.kept], (booked, planned)


class SchoolSimulation(spot_simulation.SpotSimulation):
    def pick_registration(self, number: int) -> Registration | None:
        """Return any spot that ever existed, the confirmed ones first."""
        spots = Registration.objects.exclude(line=None).order_by("pk")
        found = sorted(spots, key=lambda spot: spot.state != State.CONFIRMED)
        return found[number % len(found)] if found else None

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
        with booked_as_planned([plan.refunds.outcome]):
            order = to_class.transfer_to_class(spot, request, by, at, seen=plan.fingerprint)
        assert plan.to_pay == balances.open_balance(order, at), plan

    def transfer_at_desk(self, number: int) -> None:
        self.transfer_to_class(number, by_desk=True)

    def transfer_to_person(self, number: int) -> None:
        if spot := self.pick_registration(number):
            name = NAMES[number % 3]
            to = TypedPerson(name, name, f"{name.lower()}@example.org")
            with suppress(RegistrationRefused):
                to_person.transfer_to_person(spot, to, DeskOverride(self.staff, "x"), timezone.now())

    def cancel_as_quoted(self, number: int) -> None:
        if (spot := self.pick_registration(number)) is None or spot.line is None:
            return
        try:
            quote = quoted_cancellation.quotes_for_payer(spot.line.order, [spot.line], self.now)[-1]
        except OrderTransitionRefused:
            return
        with booked_as_planned([quote.plan.outcome]):
            quoted_cancellation.cancel_for_payer(
                spot.line.order, [spot.line], quote.option.by, self.now, seen=quote.fingerprint
            )

    def refund_order(self, number: int) -> None:
        with suppress(RefundRefused):  # The payment is disputed, or a line is being exchanged.
            super().refund_order(number)

    def spend_voucher(self, number: int) -> None:
        voucher = office.issue_free_voucher(Decimal(20 + 30 * number), None, {}, why="A prize", by=self.staff)
        order = cart((self.class_offers[number % 3], me()), payer=self.payer, name="Vic", email="vic@example.org")
        carts.enter_code_or_voucher(order, voucher.grouped, self.now)
        self.place_cart(order)

    def place_cart(self, order: Order) -> None:
        with suppress(OrderNotPlaced):
            place(order)
            return
        order.lines.all().delete()
        order.vouchers.clear()

    def join_waitlist(self, number: int) -> None:
        name = f"q{WaitlistEntry.objects.count()}"
        person = Attendee(OTHER, first_name=name, email=f"{name}@example.org")
        with suppress(RegistrationRefused):
            entries.join_waitlist(self.class_offers[number % 2], [WaitlistRequest(person)], Contact(name, person.email))

    def accept_offer(self, number: int) -> None:
        spot_offers.offer_free_spots_everywhere()
        if entry := WaitlistEntry.objects.filter(state=WaitlistEntry.State.OFFERED).first():
            order = carts.create_cart()
            with suppress(RegistrationRefused):
                entries.accept_offer(entry, order)
                self.place_cart(order)

    def cancel_class_day(self, number: int) -> None:
        days = self.class_offers[number % 3].meetings.values_list("pk", flat=True)
        self.cancel_by_school(CancellationRequest(FOR_CLASSES[number % 3], frozenset([days[number % len(days)]])))

    def cancel_class(self, number: int) -> None:
        self.cancel_by_school(
            CancellationRequest(FOR_CLASSES[number % 3], class_offer=self.class_offers[number // 2].pk)
        )

    def cancel_by_school(self, request: CancellationRequest) -> None:
        plan = plan_cancellation(request, timezone.now())
        if not plan.problems:
            with booked_as_planned(each.refund_outcome for each in plan.compensations):
                cancel_classes(self.staff, request, "x", seen=plan.fingerprint)

    def line_states(self, lines: Iterable[OrderLine]) -> list[str]:
        """A spot that was transferred to another class or person no longer belongs to anybody."""
        return [state for state in super().line_states(lines) if state != State.TRANSFERRED]

    def check_invariants(self, test: TestCase) -> None:
        super().check_invariants(test)
        for voucher in Voucher.objects.all():
            test.assertGreaterEqual(voucher.balance, 0)
            test.assertLessEqual(voucher.balance, voucher.face_value)

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
class SchoolPropertyTest(TestCase):
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

    @settings(max_examples=15, deadline=None, phases=[Phase.generate])
    @given(st.lists(STEP, min_size=6, max_size=16), st.booleans(), st.booleans())
    def test_no_sequence_loses_money_oversells_a_class_or_forgets_who_waits(
        self, steps: list[tuple[str, int]], logged_in: bool, as_credit: bool
    ) -> None:
        simulation = SchoolSimulation(self.gus if logged_in else None, self.sue)
        with override_settings(EXCHANGE_SURPLUS="credit" if as_credit else "terms"):
            for step, number in [("place_order", 0), ("pay_order", 0), *steps]:
                getattr(simulation, step)(number)
                simulation.check_invariants(self)
            run_all()
            simulation.check_invariants(self)
            simulation.check_waitlists_at_rest(self)
