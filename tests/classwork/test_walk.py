"""Who comes next: places, roles and the order of a waitlist, as pure rules."""

from collections import Counter
from decimal import Decimal

from django.test import SimpleTestCase, tag
from hypothesis import given
from hypothesis import strategies as st

from classwork.domain.places.waiting.balance import EITHER, Obstacle, Role, Rules, obstacle, settle
from classwork.domain.places.waiting.walk import Offered, Passed, Waiting, usable, walk

LEAD, FOLLOW = "lead", "follow"
ROLES = (Role(LEAD), Role(FOLLOW))


def taken(leads: int, follows: int) -> dict[str, int]:
    return {LEAD: leads, FOLLOW: follows}


@tag("once")
class BalanceTest(SimpleTestCase):
    def test_a_class_without_roles_takes_people_until_it_is_full(self) -> None:
        rules = Rules(capacity=2)
        self.assertIsNone(obstacle(rules, {"": 1}, [""]))
        self.assertEqual(obstacle(rules, {"": 2}, [""]), Obstacle("full"))

    def test_two_who_come_together_need_two_places(self) -> None:
        self.assertEqual(obstacle(Rules(capacity=3), {"": 2}, ["", ""]), Obstacle("needs_two"))

    def test_a_role_may_be_full_before_the_class_is(self) -> None:
        rules = Rules(capacity=10, roles=(Role(LEAD, 2), Role(FOLLOW, 8)))
        self.assertEqual(obstacle(rules, taken(2, 0), [LEAD]), Obstacle("role_full", LEAD))
        self.assertIsNone(obstacle(rules, taken(2, 0), [FOLLOW]))

    def test_the_difference_counts_the_newcomer(self) -> None:
        rules = Rules(roles=ROLES, most_apart=2)
        self.assertIsNone(obstacle(rules, taken(1, 0), [LEAD]))
        self.assertEqual(obstacle(rules, taken(2, 0), [LEAD]), Obstacle("balance", LEAD))

    def test_balance_is_not_asked_for_before_enough_people_are_there(self) -> None:
        rules = Rules(roles=ROLES, most_apart=1, active_from=6)
        self.assertIsNone(obstacle(rules, taken(4, 0), [LEAD]))
        self.assertEqual(obstacle(rules, taken(5, 0), [LEAD]), Obstacle("balance", LEAD))

    def test_where_it_is_out_of_balance_whoever_brings_it_closer_may_come(self) -> None:
        rules = Rules(roles=ROLES, most_apart=1)
        self.assertIsNone(obstacle(rules, taken(9, 2), [FOLLOW]))
        self.assertIsNotNone(obstacle(rules, taken(9, 2), [LEAD]))

    def test_a_ratio_holds_from_so_many_people_on(self) -> None:
        rules = Rules(roles=ROLES, ratio=Decimal("1.5"), active_from=4)
        self.assertIsNone(obstacle(rules, taken(2, 2), [LEAD]))
        self.assertEqual(obstacle(rules, taken(3, 2), [LEAD]), Obstacle("balance", LEAD))
        with self.assertRaises(ValueError):
            Rules(roles=ROLES, ratio=Decimal(2))

    def test_either_takes_the_scarcer_role_and_the_first_named_when_equal(self) -> None:
        rules = Rules(roles=ROLES)
        self.assertEqual(settle(rules, taken(3, 1), [EITHER]), (FOLLOW,))
        self.assertEqual(settle(rules, taken(2, 2), [EITHER]), (LEAD,))
        self.assertEqual(settle(rules, taken(0, 0), [EITHER, LEAD]), (FOLLOW, LEAD))
        self.assertEqual(settle(rules, taken(0, 0), [EITHER, EITHER]), (LEAD, FOLLOW))

    def test_either_does_not_take_a_role_that_is_full(self) -> None:
        rules = Rules(roles=(Role(LEAD, 1), Role(FOLLOW, 9)))
        self.assertEqual(settle(rules, taken(1, 3), [EITHER]), (FOLLOW,))


@tag("once")
class WalkTest(SimpleTestCase):
    def test_the_earliest_that_fits_is_offered_and_who_is_passed_over_has_the_rule(self) -> None:
        rules = Rules(capacity=4)
        steps = walk(rules, {"": 3}, [Waiting(1, ("", "")), Waiting(2), Waiting(3)])
        self.assertEqual(steps[:2], [Passed(1, Obstacle("needs_two")), Offered(2, ("",))])
        self.assertEqual(steps[2:], [Passed(1, Obstacle("full")), Passed(3, Obstacle("full"))])

    def test_after_each_offer_the_walk_starts_again_at_the_top(self) -> None:
        """The follow evens out the class, so that the lead who came first may come after all."""
        rules = Rules(roles=ROLES, most_apart=1)
        steps = walk(rules, taken(3, 2), [Waiting(1, (LEAD,)), Waiting(2, (FOLLOW,))])
        self.assertEqual([step.entry for step in steps if isinstance(step, Offered)], [2, 1])

    def test_a_newcomer_takes_only_what_nobody_who_waits_can_use(self) -> None:
        rules = Rules(capacity=6, roles=ROLES, most_apart=1)
        self.assertTrue(usable(rules, taken(3, 2), [Waiting(1, (LEAD,))], (FOLLOW,)))
        self.assertFalse(usable(rules, taken(3, 2), [Waiting(1, (FOLLOW,))], (FOLLOW,)))


sizes = st.integers(0, 8)
limits = st.none() | sizes


@st.composite
def classes(draw: st.DrawFn) -> Rules:
    roles = (Role(LEAD, draw(limits)), Role(FOLLOW, draw(limits)))
    ratio = draw(st.none() | st.decimals("1", "3", places=1))
    return Rules(draw(limits), roles, draw(limits), ratio, draw(st.integers(1 if ratio else 0, 8)))


people = st.sampled_from([LEAD, FOLLOW, EITHER])
queues = st.lists(st.lists(people, min_size=1, max_size=2).map(tuple), max_size=8).map(
    lambda wanted: [Waiting(number, each) for number, each in enumerate(wanted)]
)
counted = st.builds(taken, sizes, sizes)


@tag("once")
class LawsTest(SimpleTestCase):
    @given(classes(), counted, queues)
    def test_nobody_is_passed_over_without_a_rule(
        self, rules: Rules, counts: dict[str, int], queue: list[Waiting]
    ) -> None:
        """Replayed step by step: at each offer, every earlier entry that still waits really could not come."""
        now, left = Counter(counts), list(queue)
        for step in walk(rules, counts, queue):
            here = next(each for each in left if each.entry == step.entry)
            why = obstacle(rules, now, settle(rules, now, here.wanted))
            if isinstance(step, Passed):
                self.assertEqual(why, step.obstacle)
                continue
            self.assertIsNone(why)
            for earlier in left[: left.index(here)]:
                self.assertIsNotNone(obstacle(rules, now, settle(rules, now, earlier.wanted)))
            now.update(step.roles)
            left.remove(here)
        for each in left:
            self.assertIsNotNone(obstacle(rules, now, settle(rules, now, each.wanted)))

    @given(classes(), queues)
    def test_from_an_empty_class_on_no_limit_is_ever_passed(self, rules: Rules, queue: list[Waiting]) -> None:
        now: Counter[str] = Counter()
        for step in walk(rules, {}, queue):
            if isinstance(step, Offered):
                now.update(step.roles)
        self.assertTrue(rules.capacity is None or now.total() <= rules.capacity)
        for role in rules.roles:
            self.assertTrue(role.capacity is None or now[role.name] <= role.capacity)

    @given(classes(), counted, queues)
    def test_the_same_walk_gives_the_same_steps(
        self, rules: Rules, counts: dict[str, int], queue: list[Waiting]
    ) -> None:
        self.assertEqual(walk(rules, counts, queue), walk(rules, counts, queue))
