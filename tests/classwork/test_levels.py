from decimal import Decimal
from itertools import permutations

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from classwork.rules import levels
from classwork.rules.levels import LevelRule, LevelRuleInvalid, TakenClass

BEG = LevelRule("Beg", Decimal(1), levels.parse_rule("A|C, B|D"), started=Decimal(1), done=Decimal(2))
L2 = LevelRule("L2", Decimal(2), levels.parse_rule("A,B,C,D"), done=Decimal("2.5"), done_twice=Decimal(3))
L3 = LevelRule("L3", Decimal(3), levels.parse_rule("A,B,C,D"), done=Decimal("3.5"), done_twice=Decimal(4))
WORKSHOP = LevelRule("WS", Decimal("2.5"), ())
SCHOOL = [WORKSHOP, L3, BEG, L2]


def took(**versions: str) -> list[TakenClass]:
    return [TakenClass(level, version) for level, letters in versions.items() for version in letters]


class RuleTest(SimpleTestCase):
    def test_goals_are_separated_by_commas_and_versions_by_bars(self):
        self.assertEqual(levels.parse_rule(" a | c ,B|D"), (frozenset("AC"), frozenset("BD")))
        self.assertEqual(levels.format_rule(levels.parse_rule("c|a,B")), "A|C, B")
        self.assertEqual(levels.parse_rule("  "), ())

    def test_invalid_rule_is_explained(self):
        for text, words in {
            "A,,B": "Goal 2 has no version",
            "A|,B": "a version is missing",
            "A, N": "never completes",
            "na": "never completes",
            "A|A": "twice",
            "A;B": "isn’t a version",
            "A|BEGIN": "isn’t a version",
        }.items():
            with self.subTest(text), self.assertRaisesMessage(LevelRuleInvalid, words):
                levels.parse_rule(text)


class LevelNumberTest(SimpleTestCase):
    def test_taken_classes_give_the_expected_level_numbers(self):
        for taken, wanted in [
            ([], "0"),
            (took(Beg="A"), "1"),
            (took(Beg="N"), "1"),
            (took(Beg="AC"), "1"),
            (took(Beg="AD"), "2"),
            (took(Beg="bC"), "2"),
            (took(L2="ABC"), "0"),
            (took(Beg="A", L2="ABC"), "1"),
            (took(L2="ABCD"), "2.5"),
            (took(L2="ABCDN"), "2.5"),
            (took(L2="ABCNN"), "0"),
            (took(L2="ABCDABC"), "2.5"),
            (took(L2="ABCDABCD"), "3"),
            (took(L3="DCBA"), "3.5"),
            (took(L3="AABBCCDD", Beg="A"), "4"),
            (took(WS="ABCD"), "0"),
        ]:
            with self.subTest(taken=taken):
                self.assertEqual(levels.level_reached(SCHOOL, taken), Decimal(wanted))

    def test_one_class_meets_only_one_goal(self):
        overlapping = levels.parse_rule("A|B, B|C")
        self.assertFalse(levels.is_done(overlapping, ["B"]))
        self.assertTrue(levels.is_done(overlapping, ["B", "A"]))
        self.assertTrue(levels.is_done(overlapping, ["B", "B"]))
        self.assertFalse(levels.is_done(overlapping, ["B", "B", "A"], 2))
        self.assertTrue(levels.is_done(overlapping, ["B", "B", "A", "C"], 2))

    def test_level_without_a_rule_is_never_done(self):
        self.assertFalse(levels.is_done((), ["A"]))

    def test_override_of_zero_is_used(self):
        self.assertEqual(levels.effective_level(Decimal(3), Decimal(0)), Decimal(0))
        self.assertEqual(levels.effective_level(Decimal(3), None), Decimal(3))


class NextStepTest(SimpleTestCase):
    def test_newcomer_starts_with_the_first_level(self):
        step = levels.next_step(SCHOOL, [])
        self.assertEqual((step.level.code, step.missing), ("Beg", BEG.rule))

    def test_next_step_names_the_missing_goals(self):
        step = levels.next_step(SCHOOL, took(Beg="AB", L2="CA"))
        self.assertEqual((step.level.code, levels.format_rule(step.missing)), ("L2", "B, D"))

    def test_finished_level_is_above_levels_never_taken(self):
        self.assertIsNone(levels.next_step(SCHOOL, took(L3="ABCD")))


RULES = st.lists(st.frozensets(st.sampled_from("ABCD"), min_size=1), min_size=1, max_size=4).map(tuple)
VERSIONS = st.lists(st.sampled_from("ABCDN"), max_size=6)


class LevelPropertyTest(SimpleTestCase):
    @given(RULES, VERSIONS)
    def test_rule_is_done_exactly_when_some_order_of_the_classes_meets_every_goal(self, rule, versions):
        orders = permutations(versions, len(rule)) if len(versions) >= len(rule) else ()
        by_trying = any(all(one in goal for one, goal in zip(order, rule, strict=True)) for order in orders)
        self.assertEqual(levels.is_done(rule, versions), by_trying)

    @given(RULES)
    def test_formatted_rule_parses_to_the_same_rule(self, rule):
        self.assertEqual(levels.parse_rule(levels.format_rule(rule)), rule)

    @given(VERSIONS, VERSIONS)
    def test_another_class_never_lowers_the_level(self, taken, more):
        before = [TakenClass("L2", one) for one in taken]
        after = before + [TakenClass("Beg", one) for one in more]
        self.assertLessEqual(levels.level_reached(SCHOOL, before), levels.level_reached(SCHOOL, after))
