"""The order simulation with spots in classes."""

from collections.abc import Iterable
from contextlib import suppress

from django.utils import timezone
from hypothesis.extra.django import TestCase

from billing.domain.orders import pay_at_door
from billing.errors import OrderNotPlaced, OrderTransitionRefused
from billing.models import Order, OrderLine, PaymentIssue
from classwork.models import ClassOffer
from registrations.domain import capacity, spot_offers, spots
from registrations.domain.attendees import TypedPerson
from registrations.domain.cancellations import student_cancellation
from registrations.domain.line_details import Attendee
from registrations.errors import RegistrationRefused
from registrations.models import Registration
from registrations.rules.role_balance import Obstacle, assign_roles, find_obstacle
from tests.billing import order_simulation
from tests.registrations.purchases import cart, me, of, other, place, register_at_desk
from users.models import User

State = Registration.State
STEPS = (
    order_simulation.STEPS
    + """
    register_at_desk register_over_capacity switch_to_door suspend_spot resume_spots
    cancel_registration cancel_registration
""".split()
)
NAMES = ["Ann", "Ben", "Cas"]


class SpotSimulation(order_simulation.OrderSimulation):
    """Spots are bought instead of toys. The number of each step selects the person and the class."""

    def __init__(self, payer: User | None, staff: User) -> None:
        self.payer, self.staff, self.now = payer, staff, timezone.now()
        self.class_offers = list(ClassOffer.objects.order_by("pk"))

    def place_order(self, number: int, due: str = Order.Due.NOW) -> None:
        chosen = {self.class_offers[number % 3], self.class_offers[(number + 1) % 3]}
        choices = [(class_offer, who) for class_offer in chosen for who in self._attendees_for(number)]
        name = NAMES[number % 3]
        order = cart(*choices, payer=self.payer, name=name, email=f"{name.lower()}@example.org")
        with suppress(OrderNotPlaced):
            place(order, due)
            return
        order.lines.all().delete()

    def _attendees_for(self, number: int) -> list[Attendee]:
        if self.payer is not None and number == 5:
            return [of(child) for child in self.payer.in_care.all()]
        return [me(), other("Kim")] if number % 2 else [me()]

    def register_at_desk(self, number: int, over_capacity: bool = False) -> None:
        name = NAMES[number % 3]
        person = TypedPerson(name, "Walk-in", f"{name.lower()}@example.org")
        with suppress(OrderNotPlaced):
            register_at_desk(self.staff, self.class_offers[number % 3], person, why="x", over_capacity=over_capacity)

    def register_over_capacity(self, number: int) -> None:
        self.register_at_desk(number, over_capacity=True)

    def switch_to_door(self, number: int) -> None:
        if order := self.pick_order(number):
            with suppress(OrderTransitionRefused):
                pay_at_door.switch_to_pay_at_door(order, self.now, is_owner=True)

    def cancel_registration(self, number: int) -> None:
        if live := list(Registration.objects.live().order_by("pk")):
            one = live[number % len(live)]
            with suppress(RegistrationRefused):
                seen = student_cancellation.quote_student_cancellation(one, self.now).fingerprint
                student_cancellation.cancel_own_registration(one, self.now, seen=seen, by=self.staff)

    def suspend_spot(self, number: int) -> None:
        if confirmed := list(Registration.objects.filter(state=State.CONFIRMED).order_by("pk")):
            spots.suspend_spot(confirmed[number % len(confirmed)], why="x", by=self.staff)

    def resume_spots(self, number: int) -> None:
        for one in Registration.objects.filter(state=State.ON_HOLD):
            spots.resume_spot(one, why="x", by=self.staff)

    def line_states(self, lines: Iterable[OrderLine]) -> list[str]:
        """A spot on hold counts as confirmed."""
        found = Registration.objects.filter(line__in=lines).values_list("state", flat=True)
        return [State.CONFIRMED if state == State.ON_HOLD else state for state in found]

    def check_invariants(self, test: TestCase) -> None:
        super().check_invariants(test)
        taken = Registration.objects.taking_a_spot(timezone.now()).select_related("line__order")
        for class_offer in self.class_offers:
            if class_offer.capacity is not None:
                within = taken.filter(class_offer=class_offer, over_capacity=False).count()
                test.assertLessEqual(within, class_offer.capacity)
        for one in taken:
            self._check_reason(test, one)
        for line in OrderLine.objects.filter(canceled_at=None, order__state__in=[Order.State.PLACED, Order.State.PAID]):
            self._check_line(test, line)

    def check_waitlists_at_rest(self, test: TestCase) -> None:
        """After processing, nobody on a waitlist could be offered a spot, and each entry stores its obstacle."""
        spot_offers.offer_free_spots_everywhere()
        for class_offer in ClassOffer.objects.select_related("balance"):
            here = capacity.availability_of(class_offer, timezone.now())
            for entry in spot_offers.waiting_entries(class_offer):
                roles = assign_roles(here.rules, here.counts, entry.requested_roles)
                why = find_obstacle(here.rules, here.counts, roles)
                test.assertEqual(why, Obstacle(entry.skip_rule, entry.skip_role))

    def _check_reason(self, test: TestCase, one: Registration) -> None:
        """Every spot has a line that is not canceled. A confirmed one is paid, due later, or entered by staff."""
        order = one.line.order
        test.assertIsNone(one.line.canceled_at)
        test.assertIn(order.state, (Order.State.PLACED, Order.State.PAID))
        if one.state != State.HELD:
            paid_later = order.due_kind != Order.Due.NOW
            test.assertTrue(order.state == Order.State.PAID or paid_later or order.entered_by is not None)

    def _check_line(self, test: TestCase, line: OrderLine) -> None:
        """A payer who has paid or can still pay has the spot, or there is a payment issue."""
        if line.order.has_expired(timezone.now()):
            return
        places = Registration.objects.filter(line=line).taking_a_spot(timezone.now()).count()
        asked = line.order.payment_issues.filter(kind=PaymentIssue.Kind.NOT_CONFIRMED).exists()
        test.assertEqual(places, 0 if asked and not places else 1)
