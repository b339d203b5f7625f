"""Capacity, roles and the order of a waitlist as pure functions."""

from collections import Counter
from decimal import Decimal

from django.test import SimpleTestCase, tag
from hypothesis import given
from hypothesis import strategies as st

from registrations.rules.role_balance import EITHER, CapacityRules, Obstacle, RoleCapacity, assign_roles, find_obstacle
from registrations.rules.waitlist_walk import EntrySkipped, SpotOffered, WaitingParty, is_spot_wanted, walk_waitlist

LEAD, FOLLOW = "lead", "follow"
ROLES = (RoleCapacity(LEAD), RoleCapacity(FOLLOW))


def taken(leads: int, follows: int) -> dict[str, int]:
    return {LEAD: leads, FOLLOW: follows}


@tag("once")
class CapacityRulesTest(SimpleTestCase):
    def test_class_without_roles_accepts_people_until_it_is_full(self) -> None:
        rules = CapacityRules(capacity=2)
        self.assertIsNone(find_obstacle(rules, {"": 1}, [""]))
        self.assertEqual(find_obstacle(rules, {"": 2}, [""]), Obstacle("full"))

    def test_pair_needs_two_spots(self) -> None:
        self.assertEqual(find_obstacle(CapacityRules(capacity=3), {"": 2}, ["", ""]), Obstacle("needs_two"))

    def test_role_can_be_full_before_the_class_is(self) -> None:
        rules = CapacityRules(capacity=10, roles=(RoleCapacity(LEAD, 2), RoleCapacity(FOLLOW, 8)))
        self.assertEqual(find_obstacle(rules, taken(2, 0), [LEAD]), Obstacle("role_full", LEAD))
        self.assertIsNone(find_obstacle(rules, taken(2, 0), [FOLLOW]))

    def test_role_difference_includes_the_newcomer(self) -> None:
        rules = CapacityRules(roles=ROLES, most_apart=2)
        self.assertIsNone(find_obstacle(rules, taken(1, 0), [LEAD]))
        self.assertEqual(find_obstacle(rules, taken(2, 0), [LEAD]), Obstacle("balance", LEAD))

    def test_balance_applies_only_once_enough_people_are_registered(self) -> None:
        rules = CapacityRules(roles=ROLES, most_apart=1, active_from=6)
        self.assertIsNone(find_obstacle(rules, taken(4, 0), [LEAD]))
        self.assertEqual(find_obstacle(rules, taken(5, 0), [LEAD]), Obstacle("balance", LEAD))

    def test_unbalanced_class_accepts_people_who_improve_the_balance(self) -> None:
        rules = CapacityRules(roles=ROLES, most_apart=1)
        self.assertIsNone(find_obstacle(rules, taken(9, 2), [FOLLOW]))
        self.assertIsNotNone(find_obstacle(rules, taken(9, 2), [LEAD]))

    def test_ratio_applies_once_enough_people_are_registered(self) -> None:
        rules = CapacityRules(roles=ROLES, ratio=Decimal("1.5"), active_from=4)
        self.assertIsNone(find_obstacle(rules, taken(2, 2), [LEAD]))
        self.assertEqual(find_obstacle(rules, taken(3, 2), [LEAD]), Obstacle("balance", LEAD))
        with self.assertRaises(ValueError):
            CapacityRules(roles=ROLES, ratio=Decimal(2))

    def test_either_is_assigned_the_scarcer_role_or_the_first_when_equal(self) -> None:
        rules = CapacityRules(roles=ROLES)
        self.assertEqual(assign_roles(rules, taken(3, 1), [EITHER]), (FOLLOW,))
        self.assertEqual(assign_roles(rules, taken(2, 2), [EITHER]), (LEAD,))
        self.assertEqual(assign_roles(rules, taken(0, 0), [EITHER, LEAD]), (FOLLOW, LEAD))
        self.assertEqual(assign_roles(rules, taken(0, 0), [EITHER, EITHER]), (LEAD, FOLLOW))

    def test_either_is_not_assigned_a_full_role(self) -> None:
        rules = CapacityRules(roles=(RoleCapacity(LEAD, 1), RoleCapacity(FOLLOW, 9)))
        self.assertEqual(assign_roles(rules, taken(1, 3), [EITHER]), (FOLLOW,))


@tag("once")
class WaitlistWalkTest(SimpleTestCase):
    def test_first_entry_that_fits_is_offered_a_spot_and_skipped_entries_name_the_obstacle(self) -> None:
        rules = CapacityRules(capacity=4)
        steps = walk_waitlist(rules, {"": 3}, [WaitingParty(1, ("", "")), WaitingParty(2), WaitingParty(3)])
        self.assertEqual(steps[:2], [EntrySkipped(1, Obstacle("needs_two")), SpotOffered(2, ("",))])
        self.assertEqual(steps[2:], [EntrySkipped(1, Obstacle("full")), EntrySkipped(3, Obstacle("full"))])

    def test_walk_restarts_at_the_top_after_each_offer(self) -> None:
        """The follow restores the balance, so the lead who was skipped first fits after all."""
        rules = CapacityRules(roles=ROLES, most_apart=1)
        steps = walk_waitlist(rules, taken(3, 2), [WaitingParty(1, (LEAD,)), WaitingParty(2, (FOLLOW,))])
        self.assertEqual([step.entry for step in steps if isinstance(step, SpotOffered)], [2, 1])

    def test_newcomer_gets_only_a_spot_that_nobody_on_the_waitlist_can_use(self) -> None:
        rules = CapacityRules(capacity=6, roles=ROLES, most_apart=1)
        self.assertFalse(is_spot_wanted(rules, taken(3, 2), [WaitingParty(1, (LEAD,))]))
        self.assertTrue(is_spot_wanted(rules, taken(3, 2), [WaitingParty(1, (FOLLOW,))]))


sizes = st.integers(0, 8)
limits = st.none() | sizes


@st.composite
def classes(draw: st.DrawFn) -> CapacityRules:
    roles = (RoleCapacity(LEAD, draw(limits)), RoleCapacity(FOLLOW, draw(limits)))
    ratio = draw(st.none() | st.decimals("1", "3", places=1))
    return CapacityRules(draw(limits), roles, draw(limits), ratio, draw(st.integers(1 if ratio else 0, 8)))


people = st.sampled_from([LEAD, FOLLOW, EITHER])
queues = st.lists(st.lists(people, min_size=1, max_size=2).map(tuple), max_size=8).map(
    lambda wanted: [WaitingParty(number, each) for number, each in enumerate(wanted)]
)
counted = st.builds(taken, sizes, sizes)


@tag("once")
class WaitlistWalkPropertyTest(SimpleTestCase):
    @given(classes(), counted, queues)
    def test_nobody_is_skipped_without_an_obstacle(
        self, rules: CapacityRules, counts: dict[str, int], queue: list[WaitingParty]
    ) -> None:
        """Replay the steps: at each offer, every earlier entry that is still waiting really did not fit."""
        current, left = Counter(counts), list(queue)
        for step in walk_waitlist(rules, counts, queue):
            here = next(each for each in left if each.entry == step.entry)
            why = find_obstacle(rules, current, assign_roles(rules, current, here.requested_roles))
            if isinstance(step, EntrySkipped):
                self.assertEqual(why, step.obstacle)
                continue
            self.assertIsNone(why)
            for earlier in left[: left.index(here)]:
                self.assertIsNotNone(
                    find_obstacle(rules, current, assign_roles(rules, current, earlier.requested_roles))
                )
            current.update(step.roles)
            left.remove(here)
        for each in left:
            self.assertIsNotNone(find_obstacle(rules, current, assign_roles(rules, current, each.requested_roles)))

    @given(classes(), queues)
    def test_offers_from_an_empty_class_never_exceed_a_limit(
        self, rules: CapacityRules, queue: list[WaitingParty]
    ) -> None:
        current: Counter[str] = Counter()
        for step in walk_waitlist(rules, {}, queue):
            if isinstance(step, SpotOffered):
                current.update(step.roles)
        self.assertTrue(rules.capacity is None or current.total() <= rules.capacity)
        for role in rules.roles:
            self.assertTrue(role.capacity is None or current[role.name] <= role.capacity)

    @given(classes(), counted, queues)
    def test_same_input_gives_the_same_steps(
        self, rules: CapacityRules, counts: dict[str, int], queue: list[WaitingParty]
    ) -> None:
        self.assertEqual(walk_waitlist(rules, counts, queue), walk_waitlist(rules, counts, queue))
