"""After any sequence of actions, nobody is skipped without a reason, limits hold and ended entries stay ended."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.test import tag
from django.utils import timezone
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.domain.orders import cart as carts
from billing.errors import OrderNotPlaced
from billing.models import Order
from classwork.models import ClassOffer
from outbox.testing import run_all
from registrations.domain import attendees, capacity, spot_offers
from registrations.domain.line_details import OTHER, Attendee, AttendeeDetails
from registrations.domain.waitlist import class_roles, entries
from registrations.domain.waitlist.class_roles import BalanceLimits
from registrations.domain.waitlist.entries import Contact, WaitlistRequest
from registrations.errors import RegistrationRefused
from registrations.models import Registration, WaitlistEntry, WaitlistWalk
from registrations.rules import walk_log
from registrations.rules.role_balance import EITHER, CapacityRules, RoleCapacity, assign_roles, find_obstacle
from tests import factories
from tests.registrations import spot_simulation
from tests.registrations.purchases import cart, place, register_at_desk
from users.models import User

State = WaitlistEntry.State
ROLES = ("lead", "follow", EITHER)
STEPS = """
    place_order place_order pay_order let_holds_pass cancel_order cancel_order cancel_line register_over_capacity
    join_waitlist join_as_pair accept_offer accept_offer accept_offer_in_two_tabs leave_waitlist let_offers_expire
    move_entry offer_by_hand remove_entry
""".split()
STEP = st.tuples(st.sampled_from(STEPS), st.integers(0, 5))

OwnedSpot = tuple[str, str]
"""The owner of a spot, held or taken, and the role."""


@dataclass(frozen=True)
class ClassSnapshot:
    """A class at one moment."""

    spots: Counter[OwnedSpot]
    line: tuple[tuple[int, tuple[str, ...]], ...]
    """The entries on the waitlist, in order, with the roles they want."""

    @property
    def waiting(self) -> dict[int, tuple[str, ...]]:
        return dict(self.line)


def entry_owner(entry: int) -> str:
    return f"entry {entry}"


def take_snapshot(class_offer: ClassOffer) -> ClassSnapshot:
    at = timezone.now()
    taken = Registration.objects.filter(class_offer=class_offer).taking_a_spot(at).select_related("line")
    spots = Counter((spot_owner(one), one.role) for one in taken)
    for entry in WaitlistEntry.objects.filter(class_offer=class_offer, state=State.OFFERED, offer_expires_at__gte=at):
        spots.update((entry_owner(entry.pk), role) for role in entry.offered_roles)
    return ClassSnapshot(
        spots,
        tuple(
            (one.entry, one.requested_roles)
            for one in spot_offers.as_waiting_parties(list(spot_offers.waiting_entries(class_offer)))
        ),
    )


def spot_owner(one: Registration) -> str:
    if one.over_capacity:
        return "beyond"
    entry = one.line.waitlist_entry_id
    return entry_owner(entry) if entry else f"line {one.line_id}"


def without_overrides(spots: Counter[OwnedSpot]) -> Counter[OwnedSpot]:
    """Leave out spots over capacity or balance, which only the desk can give."""
    return Counter({spot: number for spot, number in spots.items() if spot[0] != "beyond"})


def count_by_role(spots: Counter[OwnedSpot]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for (_, role), number in spots.items():
        counts[role] += number
    return counts


class WaitlistSimulation(spot_simulation.SpotSimulation):
    """A full class with a waitlist. The number of each step selects the person, the role and the action."""

    def __init__(self, payer: User | None, staff: User, apart: BalanceLimits | None) -> None:
        super().__init__(payer, staff)
        self.apart, self.ended = apart, dict[int, str]()
        if apart is not None:
            class_roles.set_class_roles(
                self.class_offer, [RoleCapacity("lead"), RoleCapacity("follow", 2)], apart, staff
            )
        for number in (0, 1):
            self.place_order(number, Order.Due.DOOR)
        self.join_as_pair(0)
        self.join_waitlist(1)

    @property
    def class_offer(self) -> ClassOffer:
        return ClassOffer.objects.select_related("balance").get(pk=self.class_offers[0].pk)

    def role_for(self, number: int) -> str:
        return "" if self.apart is None else ROLES[number % 3]

    def place_order(self, number: int, due: str = Order.Due.NOW) -> None:
        """Register one person or two partners."""
        name = f"b{Order.objects.count()}"
        order = cart(payer=self.payer, name=name, email=f"{name}@example.org")
        for request in self.waitlist_requests(number, name, 1 + number // 3):
            details = AttendeeDetails(request.attendee).as_json()
            carts.add_line(order, "class", self.class_offer.pk, details, role=request.role)
        self.place_cart(order, due)

    def place_cart(self, order: Order, due: str = Order.Due.NOW) -> None:
        with suppress(OrderNotPlaced):
            place(order, due)
            return
        order.lines.all().delete()

    def waitlist_requests(self, number: int, name: str, size: int) -> list[WaitlistRequest]:
        people = [Attendee(OTHER, first_name=f"{name}{at}", email=f"{name}{at}@example.org") for at in range(size)]
        return [WaitlistRequest(one, self.role_for(number + 2 * at)) for at, one in enumerate(people)]

    def register_at_desk(self, number: int, over_capacity: bool = False) -> None:
        person = attendees.TypedPerson(f"W{Order.objects.count()}", "Walk-in", "walk@example.org")
        more = {"why": "x", "over_capacity": over_capacity, "role": self.role_for(number)}
        with suppress(OrderNotPlaced):
            register_at_desk(self.staff, self.class_offer, person, **more)

    # -- actions of people on the waitlist, some of them late, repeated or from an old mail --

    def join_waitlist(self, number: int, size: int = 1) -> None:
        name = (
            f"q{number}" if number == 5 else f"q{WaitlistEntry.objects.count()}x"
        )  # the fifth person joins repeatedly
        contact = Contact(name, f"{name}@example.org")
        entries.join_waitlist(self.class_offer, self.waitlist_requests(number, name, size), contact)

    def join_as_pair(self, number: int) -> None:
        self.join_waitlist(number, 2)

    def pick_entry(self, number: int) -> WaitlistEntry | None:
        """Return any entry that ever existed, those with an open offer first, because they get a mail."""
        found = sorted(WaitlistEntry.objects.order_by("pk"), key=lambda one: one.state != State.OFFERED)
        return found[number % len(found)] if found else None

    def accept_offer(self, number: int) -> None:
        self.accept_in_tabs(number, 1)

    def accept_offer_in_two_tabs(self, number: int) -> None:
        self.accept_in_tabs(number, 2)

    def accept_in_tabs(self, number: int, tabs: int) -> None:
        entry = self.pick_entry(number // 2)
        if entry is None:
            return
        filled = [carts.create_cart() for _ in range(tabs)]
        with suppress(RegistrationRefused):
            for tab in filled:
                entries.accept_offer(entry, tab)
            for tab in filled:
                self.place_cart(tab, Order.Due.DOOR if number % 2 else Order.Due.NOW)

    def leave_waitlist(self, number: int) -> None:
        if entry := self.pick_entry(number):
            entries.leave_waitlist(entry)

    def let_offers_expire(self, number: int) -> None:
        """Let offers expire without marking them as expired."""
        past = timezone.now() - timedelta(minutes=1)
        offered = WaitlistEntry.objects.filter(state=State.OFFERED).order_by("pk")
        WaitlistEntry.objects.filter(pk__in=[one.pk for one in offered[: 1 + number // 3]]).update(
            offer_expires_at=past
        )

    def move_entry(self, number: int) -> None:
        if entry := self.pick_entry(number):
            with suppress(RegistrationRefused):
                entries.move_entry(entry, 1 + number % 3, why="x", by=self.staff)

    def offer_by_hand(self, number: int) -> None:
        if entry := self.pick_entry(number):
            with suppress(RegistrationRefused):
                entries.offer_spot_by_hand(entry, why="x", by=self.staff)

    def remove_entry(self, number: int) -> None:
        if entry := self.pick_entry(number):
            with suppress(RegistrationRefused):
                entries.remove_entry(entry, why="x", by=self.staff)

    # -- checks --

    def run_step(self, test: TestCase, step: str, number: int) -> None:
        before = take_snapshot(self.class_offer)
        getattr(self, step)(number)
        if number % 2:  # for odd numbers the worker processes the waitlists at once
            spot_offers.offer_free_spots_everywhere()
        after, rules = take_snapshot(self.class_offer), capacity.availability_of(self.class_offer, timezone.now()).rules
        self.check_limits(test, rules, after)
        self.check_newcomers(test, rules, before, after)
        if step not in ("offer_by_hand", "move_entry"):  # the desk records its own reasons in the history
            self.check_line(test, rules, before, after)
        self.check_ends(test)

    def check_limits(self, test: TestCase, rules: CapacityRules, after: ClassSnapshot) -> None:
        within = count_by_role(without_overrides(after.spots))
        test.assertLessEqual(within.total(), rules.capacity)
        for role in rules.roles:
            test.assertTrue(role.capacity is None or within[role.name] <= role.capacity, within)

    def check_newcomers(
        self, test: TestCase, rules: CapacityRules, before: ClassSnapshot, after: ClassSnapshot
    ) -> None:
        """The rules allow every new spot beside the ones that were there before and stayed."""
        new = without_overrides(after.spots - before.spots)
        if new:
            test.assertIsNone(
                find_obstacle(rules, count_by_role(after.spots & before.spots), list(count_by_role(new).elements()))
            )

    def check_line(self, test: TestCase, rules: CapacityRules, before: ClassSnapshot, after: ClassSnapshot) -> None:
        """An entry that somebody got ahead of did not fit at that time and stores the obstacle."""
        came = without_overrides(after.spots - before.spots)
        ahead: set[str] = set()
        for entry, wanted in before.line:
            past = Counter({spot: number for spot, number in came.items() if spot[0] not in ahead})
            ahead.add(entry_owner(entry))
            if past and entry in after.waiting:
                counts = count_by_role((after.spots & before.spots) + (came - past))
                test.assertIsNotNone(find_obstacle(rules, counts, assign_roles(rules, counts, wanted)))
                test.assertTrue(WaitlistEntry.objects.get(pk=entry).skip_rule)

    def check_ends(self, test: TestCase) -> None:
        states = dict(WaitlistEntry.objects.values_list("pk", "state"))
        for entry, state in self.ended.items():
            test.assertEqual(states[entry], state)
        self.ended = {entry: state for entry, state in states.items() if state not in WaitlistEntry.LIVE}

    def check_at_rest(self, test: TestCase) -> None:
        self.check_waitlists_at_rest(test)
        for walk in WaitlistWalk.objects.all():
            test.assertTrue(walk_log.replay_matches(walk.given, walk.steps))


@tag("once", "long")
class WaitlistPropertyTest(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.sue = factories.create_account("sue@example.org", "Sue")
        factories.create_class_offer(factories.create_session("Open"), factories.create_subject(), capacity=2)

    @settings(max_examples=20, deadline=None)
    @given(
        st.lists(STEP, min_size=3, max_size=10),
        st.sampled_from([None, BalanceLimits(most_apart=1), BalanceLimits(most_apart=0)]),
    )
    @example([("cancel_order", 0), ("cancel_order", 1), ("accept_offer", 1)], None)
    @example(
        [("cancel_order", 0), ("cancel_order", 1), ("remove_entry", 0), ("place_order", 3)], BalanceLimits(most_apart=0)
    )
    def test_no_sequence_skips_a_person_without_reason_exceeds_a_limit_or_revives_an_entry(
        self, steps: list[tuple[str, int]], apart: BalanceLimits | None
    ) -> None:
        simulation = WaitlistSimulation(None, self.sue, apart)
        for step, number in steps:
            simulation.run_step(self, step, number)
        run_all()
        simulation.check_invariants(self)
        simulation.check_at_rest(self)
